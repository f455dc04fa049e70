// The page's policy allows neither inline styles nor evaluated text: htmx does without both.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
