// Wheel, drag, pinch and keys on the chart become moves of the span.

const KEYS = {
  ArrowLeft: { by: -0.25 }, ArrowRight: { by: 0.25 },
  PageUp: { by: -1 }, PageDown: { by: 1 },
  "+": { factor: 0.5 }, "=": { factor: 0.5 }, "-": { factor: 2 }, "_": { factor: 2 },
};

/**
 * @param element where it happens
 * @param place from a pointer event to a place from 0 to 1 along the span
 * @param act   {move(change), choose(from, to), mark(from, to), now()}
 */
export function listen(element, place, act) {
  const pointers = new Map();
  let choosing = null;
  let dragged = false;

  element.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    act.move({ factor: event.deltaY > 0 ? 1.25 : 0.8, about: place(event) });
  }, { passive: false });

  element.addEventListener("dblclick", (event) => act.move({ factor: 0.4, about: place(event) }));

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, place(event));
    element.setPointerCapture(event.pointerId);
    dragged = false;
    choosing = event.shiftKey ? place(event) : null;
  });
  element.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = pointers.get(event.pointerId);
    const here = place(event);
    if (Math.abs(here - before) < 0.001) return;
    dragged = true;
    if (choosing !== null) {
      act.mark(Math.min(choosing, here), Math.max(choosing, here));
    } else if (pointers.size === 1) {
      element.classList.add("moving");
      act.move({ by: before - here });
      pointers.set(event.pointerId, here);
    } else {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const apart = Math.max(Math.abs(here - other), 0.02);
      act.move({ factor: Math.max(Math.abs(before - other), 0.02) / apart, about: other });
      pointers.set(event.pointerId, here);
    }
  });
  const lift = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    element.classList.remove("moving");
    if (choosing !== null && dragged) {
      const here = place(event);
      act.choose(Math.min(choosing, here), Math.max(choosing, here));
    }
    choosing = null;
  };
  element.addEventListener("pointerup", lift);
  element.addEventListener("pointercancel", lift);

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "End") act.now();
    else if (KEYS[event.key]) act.move(KEYS[event.key]);
    else return;
    event.preventDefault();
  });
}
