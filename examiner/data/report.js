"use strict";
// Sorting of the gallery and a small 3D viewer of skeletons. The page holds all data without it.
(() => {
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);

  // ---- sort and filter ----
  const value = (item, key) => {
    const text = item.dataset[key];
    return key === "type" ? text : text === "" ? -Infinity : Number(text);
  };
  const order = (key) => (a, b) => {
    const [x, y] = [value(a, key), value(b, key)];
    const rising = key === "type" || key === "id" ? 1 : -1;
    return x < y ? -rising : x > y ? rising : value(b, "error") - value(a, "error") || value(a, "id") - value(b, "id");
  };
  const wanted = (item) => {
    const flags = item.dataset.flags.split(" ").filter(Boolean);
    const flag = $("flag").value;
    return (!$("type").value || item.dataset.type === $("type").value)
      && (!flag || (flag === "-" ? !flags.length : flags.includes(flag)))
      && (!$("success").checked || item.dataset.success === "1");
  };
  const arrange = () => {
    let shown = 0;
    let total = 0;
    for (const list of document.querySelectorAll(".sortable")) {
      const items = [...list.children].sort(order($("sort").value));
      shown = items.filter((item) => !(item.hidden = !wanted(item))).length;
      total = items.length;
      list.append(...items);
    }
    $("shown").textContent = `${shown} of ${total} shown`;
  };
  if ($("controls")) {
    $("controls").hidden = false;
    $("controls").addEventListener("input", arrange);
    $("controls").addEventListener("submit", (event) => event.preventDefault());
    arrange();
  }

  // ---- 3D viewer: canvas 2D, limbs as thick lines drawn from far to near ----
  const PIECES = 5;
  const DISTANCE = 4.5;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const finite = (p) => p && p.length === 3 && p.every((c) => c !== null && Number.isFinite(c));
  const colours = () => {
    const style = getComputedStyle(root);
    const read = (name) => style.getPropertyValue(name).trim();
    const shades = (who) => ({ left: read(`--${who}-l`), middle: read(`--${who}-m`), right: read(`--${who}-r`) });
    return { truth: shades("truth"), prediction: shades("pred"), grid: read("--grid3d"), outline: read("--soft") };
  };
  const side = (name) => (name.startsWith("left_") ? "left" : name.startsWith("right_") ? "right" : "middle");

  // Turn the world's upward direction to (0, -1, 0), by the shortest way.
  const leveller = (up) => {
    const length = Math.hypot(...up) || 1;
    const [x, y, z] = up.map((c) => c / length);
    const k = 1 / Math.max(1 - y, 1e-6);
    return ([a, b, c]) => [
      (1 - x * x * k) * a + x * b - x * z * k * c,
      -x * a - y * b - z * c,
      -x * z * k * a + z * b + (1 - z * z * k) * c,
    ];
  };

  class Viewer {
    constructor(canvas, skeleton) {
      this.canvas = canvas;
      this.context = canvas.getContext("2d");
      const level = leveller(skeleton.up || [0, -1, 0]);
      const turned = (points) => (points || []).map((p) => (finite(p) ? level(p) : null));
      this.bodies = [["truth", turned(skeleton.gt_m)], ["prediction", turned(skeleton.prediction_m)]];
      this.sides = skeleton.names.map(side);
      this.edges = skeleton.edges;
      const up = skeleton.up || [0, -1, 0];
      this.tilt = Math.atan2(-up[2], -up[1]);
      const all = this.bodies.flatMap(([, points]) => points.filter(Boolean));
      const low = [0, 1, 2].map((i) => Math.min(...all.map((p) => p[i])));
      const high = [0, 1, 2].map((i) => Math.max(...all.map((p) => p[i])));
      this.centre = all.length ? low.map((c, i) => (c + high[i]) / 2) : [0, 0, 0];
      this.radius = Math.max(0.5, ...all.map((p) => Math.hypot(...p.map((c, i) => c - this.centre[i]))));
      const truth = this.bodies[0][1].filter(Boolean);
      this.floor = (truth.length ? Math.max(...truth.map((p) => p[1])) : 0.9) + 0.06;
      this.yaw = 0.6;
      this.pitch = Math.max(0.2, this.tilt);
      this.moving = !still.matches;
      this.visible = false;
    }

    resize() {
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      const width = Math.round(this.canvas.clientWidth * ratio);
      const height = Math.round(this.canvas.clientHeight * ratio);
      if (!width || !height) return false;
      if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
      return true;
    }

    project(point) {
      const [x, y, z] = point.map((c, i) => c - this.centre[i]);
      const [ca, sa, cp, sp] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
      const [x1, z1] = [x * ca + z * sa, z * ca - x * sa];
      const [y2, z2] = [y * cp - z1 * sp, y * sp + z1 * cp];
      const near = DISTANCE / (DISTANCE + z2 / this.radius);
      const scale = (0.43 * Math.min(this.canvas.width, this.canvas.height) / this.radius) * near;
      return { x: this.canvas.width / 2 + x1 * scale, y: this.canvas.height / 2 + y2 * scale, z: z2, scale };
    }

    line(from, to, width, colour, alpha = 1, lineCap = "round") {
      Object.assign(this.context, { lineWidth: width, strokeStyle: colour, globalAlpha: alpha, lineCap });
      this.context.beginPath();
      this.context.moveTo(from.x, from.y);
      this.context.lineTo(to.x, to.y);
      this.context.stroke();
    }

    ground(colour) {
      const step = 0.25;
      const half = step * Math.ceil(this.radius / step);
      const [cx, , cz] = this.centre;
      for (let t = -half; t <= half + 1e-6; t += step) {
        const ends = [[[cx + t, cz - half], [cx + t, cz + half]], [[cx - half, cz + t], [cx + half, cz + t]]];
        for (const [a, b] of ends) {
          this.line(this.project([a[0], this.floor, a[1]]), this.project([b[0], this.floor, b[1]]), 1, colour, 0.9);
        }
      }
    }

    limbs(palette) {
      const pieces = [];
      for (const [who, points] of this.bodies) {
        for (const [i, j] of this.edges) {
          if (!points[i] || !points[j]) continue;
          const part = this.sides[i] === this.sides[j] ? this.sides[i] : "middle";
          const at = (t) => this.project(points[i].map((c, k) => c + t * (points[j][k] - c)));
          const flat = (p) => this.project([p[0], this.floor, p[2]]);
          const width = who === "truth" ? 0.05 : 0.04;
          this.line(flat(points[i]), flat(points[j]), width * at(0.5).scale, palette[who].middle, 0.18);
          for (let k = 0; k < PIECES; k += 1) {
            const [from, to] = [at(k / PIECES), at((k + 1) / PIECES)];
            pieces.push({ from, to, z: (from.z + to.z) / 2, width, colour: palette[who][part] });
          }
        }
      }
      return pieces.sort((a, b) => b.z - a.z);
    }

    draw() {
      if (!this.resize()) return;
      const palette = colours();
      this.context.globalAlpha = 1;
      this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.ground(palette.grid);
      for (const piece of this.limbs(palette)) {
        const width = piece.width * piece.from.scale;
        this.line(piece.from, piece.to, width + 0.018 * piece.from.scale, palette.outline, 1, "butt");
        this.line(piece.from, piece.to, width, piece.colour);
      }
      if (!this.canvas.dataset.painted) this.count();
    }

    count() {
      const { data } = this.context.getImageData(0, 0, this.canvas.width, this.canvas.height);
      let painted = 0;
      for (let i = 3; i < data.length; i += 4) painted += data[i] > 0;
      this.canvas.dataset.painted = painted;
    }

    look(view) {
      if (view === "turn") this.moving = !this.moving;
      else this.moving = false;
      if (view === "front") [this.yaw, this.pitch] = [0, this.tilt];
      if (view === "side") [this.yaw, this.pitch] = [Math.PI / 2, 0.08];
      if (view === "top") [this.yaw, this.pitch] = [0, Math.PI / 2];
      this.changed();
    }

    turn(yaw, pitch) {
      this.moving = false;
      this.yaw += yaw;
      this.pitch = Math.min(Math.PI / 2, Math.max(-0.5, this.pitch + pitch));
      this.changed();
    }

    changed() {
      if (this.button) this.button.setAttribute("aria-pressed", String(this.moving));
      this.draw();
      if (this.moving) start();
    }
  }

  const skeletons = JSON.parse($("skeletons").textContent);
  const viewers = [...document.querySelectorAll("canvas[data-viewer]")]
    .map((canvas) => new Viewer(canvas, skeletons[canvas.dataset.viewer]));

  let before = null;
  const frame = (now) => {
    const active = viewers.filter((viewer) => viewer.visible && viewer.moving);
    const elapsed = before === null ? 0 : Math.min(now - before, 100) / 1000;
    before = active.length ? now : null;
    for (const viewer of active) {
      viewer.yaw += 0.5 * elapsed;
      viewer.draw();
    }
    if (active.length) requestAnimationFrame(frame);
  };
  const start = () => { if (before === null) { before = performance.now(); requestAnimationFrame(frame); } };

  const KEYS = { ArrowLeft: [0.15, 0], ArrowRight: [-0.15, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
  const attach = (viewer) => {
    const { canvas } = viewer;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      viewer.turn(0, 0);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) viewer.turn(-0.009 * event.movementX, 0.009 * event.movementY);
    });
    canvas.addEventListener("keydown", (event) => {
      if (!KEYS[event.key]) return;
      event.preventDefault();
      viewer.turn(...KEYS[event.key]);
    });
    const buttons = canvas.parentElement.querySelector(".buttons");
    buttons.hidden = false;
    buttons.addEventListener("click", (event) => {
      if (event.target.dataset.view) viewer.look(event.target.dataset.view);
    });
    viewer.button = buttons.querySelector('[data-view="turn"]');
    viewer.changed();
  };
  viewers.forEach(attach);

  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const viewer = viewers.find((one) => one.canvas === entry.target);
      viewer.visible = entry.isIntersecting;
      if (viewer.visible) viewer.draw();
    }
    start();
  });
  const redraw = () => viewers.forEach((viewer) => viewer.draw());
  viewers.forEach((viewer) => watch.observe(viewer.canvas));
  window.addEventListener("resize", redraw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  root.dataset.ready = "1";
})();
