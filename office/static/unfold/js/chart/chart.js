// Instead of the Chart.js that Unfold loads on every page, 200 KB: charts here are drawn by the server, as SVG.
