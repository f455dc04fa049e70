// No menu here hangs on a row, which this would place with 6 KB on every page.
