/**
 * Tells when nobody has touched the page for some time. Touches no page.
 *
 *   const idle = new Idle(minutes, onidle);  idle.start();  idle.stop()
 *
 * onidle(left): milliseconds that are left, every few seconds in the last minute; 0 when the time is over, once; null
 * when somebody has touched the page again.
 */

/** How long before the end it is told, ms. */
export const WARNING_MS = 60 * 1000;
const LOOK_MS = 2000;
const TOUCHES = ["pointerdown", "keydown", "input", "touchstart", "wheel"];

/** One watch over one page. */
export class Idle {
  constructor(minutes, onidle) {
    Object.assign(this, { limit: minutes * 60 * 1000, onidle, last: 0, timer: null, told: false });
    this.touched = () => (this.last = Date.now());
    this.look = this.look.bind(this);
  }

  start() {
    this.touched();
    if (this.timer) return;
    for (const name of TOUCHES) self.addEventListener(name, this.touched, { passive: true, capture: true });
    // A browser stops the clocks of pages that aren't seen, so the time itself is looked at.
    document.addEventListener("visibilitychange", this.look);
    this.timer = setInterval(this.look, LOOK_MS);
  }

  stop() {
    for (const name of TOUCHES) self.removeEventListener(name, this.touched, { capture: true });
    document.removeEventListener("visibilitychange", this.look);
    clearInterval(this.timer);
    Object.assign(this, { timer: null, told: false });
  }

  look() {
    const left = this.last + this.limit - Date.now();
    // A clock that was put back must not make this last for hours.
    if (left <= 0 || left > this.limit + WARNING_MS) {
      this.stop();
      this.onidle(0);
    } else if (left <= WARNING_MS) {
      this.told = true;
      this.onidle(left);
    } else if (this.told) {
      this.told = false;
      this.onidle(null);
    }
  }
}
