// New red warnings and urgings make a sound, once each. A browser lets a page sound only after
// its reader pressed or typed something; until then the switch says so.

const switchButton = document.querySelector("[data-sound]");
const KEPT = "guatu-sound";
const HEARD = "guatu-heard";
const heard = new Set(JSON.parse(sessionStorage.getItem(HEARD) ?? "[]"));
let audio = null;
let owed = false;

const isOn = () => localStorage.getItem(KEPT) !== "off";
const mayPlay = () => audio?.state === "running";

function show() {
  if (!switchButton) return;
  const { on, off, wait } = switchButton.dataset;
  switchButton.hidden = false;
  switchButton.setAttribute("aria-pressed", String(isOn()));
  switchButton.textContent = !isOn() ? off : mayPlay() ? on : wait;
}

async function wake() {
  if (!isOn()) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") await audio.resume();
  show();
  if (owed && mayPlay()) {
    owed = false;
    sound();
  }
}

// Three falling pairs of tones: unlike any notice of the system, and over in two seconds.
function sound() {
  for (let pair = 0; pair < 3; pair += 1) {
    [880, 660].forEach((pitch, half) => {
      const start = audio.currentTime + pair * 0.7 + half * 0.28;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, start);
      volume.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.26);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.27);
    });
  }
  document.body.dataset.sounded = String(Number(document.body.dataset.sounded ?? 0) + 1);
}

// On the desktop too, where the reader allowed it (under My account, Notices). The tag lets several
// open pages show one notice.
function showOnDesktop(elements) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  for (const element of elements.slice(0, 3)) {
    const text = element.textContent.replace(/\s+/g, " ").trim();
    const title = element.closest("section")?.querySelector("strong")?.textContent ?? "";
    const notice = new Notification(title.replace(/\s+/g, " ").trim(), {
      body: text, tag: element.dataset.alert, requireInteraction: true,
    });
    notice.addEventListener("click", () => {
      window.focus();
      element.querySelector("a")?.click();
      notice.close();
    });
    document.body.dataset.onDesktop = String(Number(document.body.dataset.onDesktop ?? 0) + 1);
  }
}

function look() {
  const calling = [...document.querySelectorAll("[data-alert]")];
  const fresh = calling.filter((element) => !heard.has(element.dataset.alert));
  for (const element of fresh) heard.add(element.dataset.alert);
  if (!fresh.length) return;
  showOnDesktop(fresh);
  sessionStorage.setItem(HEARD, JSON.stringify([...heard].slice(-200)));
  if (!isOn()) return;
  if (mayPlay()) sound();
  else owed = true;
}

switchButton?.addEventListener("click", () => {
  localStorage.setItem(KEPT, isOn() && mayPlay() ? "off" : "on");
  wake();
  show();
});
for (const gesture of ["pointerdown", "keydown"]) {
  document.addEventListener(gesture, (event) => {
    if (!event.target.closest?.("[data-sound]")) wake();
  });
}
document.body.addEventListener("htmx:afterSettle", look);
show();
look();
