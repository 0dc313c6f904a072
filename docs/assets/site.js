// What can be scrolled is within reach of the keyboard, and has a name.
document$.subscribe(() => {
  const reach = () => document.querySelectorAll(".md-typeset__scrollwrap, .highlight code").forEach((box) => {
    box.tabIndex = 0;
  });
  reach();
  // The theme wraps tables when they are about to be seen.
  new MutationObserver(reach).observe(document.querySelector(".md-content"), { childList: true, subtree: true });
});
