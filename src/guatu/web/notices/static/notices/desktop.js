// Whether this browser may show desktop notices, and the button that asks for it.

const place = document.querySelector("[data-desktop]");
const state = place?.querySelector("[data-desktop-state]");
const button = place?.querySelector("[data-desktop-ask]");

function show() {
  const able = "Notification" in window && window.isSecureContext;
  const permission = able ? Notification.permission : "unable";
  state.textContent = place.dataset[permission];
  button.hidden = permission !== "default";
}

if (place) {
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    show();
  });
  show();
}
