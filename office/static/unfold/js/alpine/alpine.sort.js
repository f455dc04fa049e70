// Nothing here is sorted by dragging, which this would load 13 KB for on every page.
