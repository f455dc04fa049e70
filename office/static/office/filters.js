// The filters of a list are opened seldom: the scripts of their completions wait for it, in order, as `text/later`.
document.addEventListener(
  "click",
  async (event) => {
    if (!event.target.closest("[data-opens-filters]")) return;
    for (const waiting of document.querySelectorAll('script[type="text/later"]')) {
      const script = document.createElement("script");
      script.src = waiting.src;
      waiting.remove();
      await new Promise((loaded) => {
        script.addEventListener("load", loaded);
        document.head.append(script);
      });
    }
  },
);
