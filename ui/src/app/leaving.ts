// A browser may bring back a page for its Back button as it was left, without asking anybody: also after signing out, when
// what it shows is nobody's business any more. So a page that is left hides, and is loaded anew when it comes back.

export function hideWhenLeft(): void {
  window.addEventListener('pagehide', (event) => {
    if (event.persisted) document.body.hidden = true;
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) window.location.reload();
  });
}
