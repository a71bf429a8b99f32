// A place in three dimensions: its splat drawn by the PlayCanvas engine, everything else as lines on a canvas above it.
// World axes are the scene's own; camera poses are OpenCV camera-to-world (x right, y down, z ahead), row by row.
"use strict";

const facts = JSON.parse(document.getElementById("facts").textContent);
const canvas = document.getElementById("splat"), above = document.getElementById("above");
const pen = above.getContext("2d"), list = document.getElementById("views");
const add = (a, b, t = 1) => a.map((v, i) => v + t * b[i]);
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = a => add([0, 0, 0], a, 1 / (Math.hypot(...a) || 1));

// ---- the splat: columns of float32 and float16, one after the other

function columns() {
    const text = atob(document.getElementById("gaussians").textContent.trim());
    const bytes = Uint8Array.from(text, c => c.charCodeAt(0)), n = facts.splat.shown;
    const half = new Float32Array(65536);
    for (let i = 0; i < 65536; i++) {
        const power = (i >> 10) & 31, part = i & 1023;
        half[i] = (i >> 15 ? -1 : 1) * (power ? 2 ** (power - 15) * (1 + part / 1024) : 2 ** -14 * (part / 1024));
    }
    let at = 0;
    return facts.splat.columns.map(([name, width]) => {
        const stored = bytes.slice(at, at += n * width).buffer;
        const storage = width === 4 ? new Float32Array(stored) : Float32Array.from(new Uint16Array(stored), v => half[v]);
        return {type: "float", name, storage, byteSize: 4};
    });
}

function start() {
    const device = new pc.WebglGraphicsDevice(canvas, {antialias: false, alpha: false});
    device.maxPixelRatio = window.devicePixelRatio;
    const options = new pc.AppOptions(), app = new pc.AppBase(canvas);
    options.graphicsDevice = device;
    options.componentSystems = [pc.CameraComponentSystem, pc.GSplatComponentSystem];
    app.init(options);
    app.setCanvasFillMode("FILL_WINDOW");
    app.setCanvasResolution("AUTO");
    app.scene.gsplat.minPixelSize = 0;
    app.systems.gsplat.on("frame:ready", (camera, layer, ready) => { sorted = ready; });
    app.on("update", () => {
        app.autoRender = !sorted || performance.now() < until;
        document.body.dataset.drawn = app.autoRender ? "" : "all";
    });
    app.start();
    const data = new pc.GSplatData([{name: "vertex", count: facts.splat.shown, properties: columns()}]);
    const splat = new pc.Entity();
    splat.addComponent("gsplat");
    splat.gsplat.resource = new pc.GSplatResource(device, data);
    const eye = new pc.Entity();
    eye.addComponent("camera", {clearColor: new pc.Color(...facts.background), nearClip: near, farClip: far});
    eye.camera.calculateProjection = matrix => matrix.data.set(projection());
    app.root.addChild(splat);
    app.root.addChild(eye);
    return {app, eye, splat};
}

// ---- where one looks from: an orbit, or exactly as a view of the list

const near = facts.radius * 1e-3, far = facts.radius * 1e3;
const up = unit(facts.up), east = unit(cross(Math.abs(up[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0], up)), north = cross(up, east);
const orbit = {target: facts.center, distance: 2.5 * facts.radius, yaw: 0.6, pitch: 0.5, fov: 50};
let fixed = null, until = 0, sorted = false, engine = null;

function pose() {
    if (fixed !== null) return facts.views[fixed].c2w;
    const level = add(add([0, 0, 0], east, Math.cos(orbit.yaw)), north, Math.sin(orbit.yaw));
    const back = add(add([0, 0, 0], level, Math.cos(orbit.pitch)), up, Math.sin(orbit.pitch));
    const ahead = add([0, 0, 0], back, -1), right = unit(cross(ahead, up)), down = cross(ahead, right);
    const at = add(orbit.target, back, orbit.distance);
    return [0, 1, 2].flatMap(i => [right[i], down[i], ahead[i], at[i]]);
}

function lens() { // [fx, fy, cx, cy] in pixels of the page
    const w = innerWidth, h = innerHeight;
    if (fixed === null) {
        const f = h / 2 / Math.tan(orbit.fov * Math.PI / 360);
        return [f, f, w / 2, h / 2];
    }
    const [fx, fy, cx, cy, width, height] = facts.lenses[facts.views[fixed].lens], s = Math.min(w / width, h / height);
    return [fx * s, fy * s, w / 2 + (cx - width / 2) * s, h / 2 + (cy - height / 2) * s, width * s, height * s];
}

function projection() {
    const [fx, fy, cx, cy] = lens(), w = innerWidth, h = innerHeight, span = far - near;
    return [2 * fx / w, 0, 0, 0, 0, 2 * fy / h, 0, 0, 1 - 2 * cx / w, 2 * cy / h - 1, -(far + near) / span, -1,
        0, 0, -2 * far * near / span, 0];
}

function leave() { // from a view of the list to an orbit that begins there
    if (fixed === null) return;
    const m = facts.views[fixed].c2w, ahead = [m[2], m[6], m[10]], at = [m[3], m[7], m[11]];
    orbit.distance = Math.max(dot(add(facts.center, at, -1), ahead), 0.2 * facts.radius);
    orbit.target = add(at, ahead, orbit.distance);
    orbit.pitch = Math.asin(Math.max(-1, Math.min(1, -dot(ahead, up))));
    orbit.yaw = Math.atan2(-dot(ahead, north), -dot(ahead, east));
    fixed = null;
    list.value = "";
}

// ---- lines and points above the splat

if (innerWidth < 700) document.querySelector("details").open = false;
const layers = facts.layers.map(layer => ({...layer, box: document.getElementById(`layer-${layer.id}`)}));

function draw() {
    const m = pose(), [fx, fy, cx, cy, width, height] = lens(), ratio = window.devicePixelRatio;
    if (above.width !== innerWidth * ratio || above.height !== innerHeight * ratio) {
        above.width = innerWidth * ratio;
        above.height = innerHeight * ratio;
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, innerWidth, innerHeight);
    const into = (p, i) => { // a point of the world in the camera's axes
        const x = p[i] - m[3], y = p[i + 1] - m[7], z = p[i + 2] - m[11];
        return [m[0] * x + m[4] * y + m[8] * z, m[1] * x + m[5] * y + m[9] * z, m[2] * x + m[6] * y + m[10] * z];
    };
    const seen = p => [fx * p[0] / p[2] + cx, fy * p[1] / p[2] + cy];
    for (const layer of layers) {
        if (!layer.box.checked) continue;
        pen.strokeStyle = pen.fillStyle = layer.color;
        pen.lineWidth = layer.width ?? 1.2;
        pen.beginPath();
        for (let i = 0; i < layer.lines.length; i += 6) {
            let a = into(layer.lines, i), b = into(layer.lines, i + 3);
            if (a[2] < near && b[2] < near) continue;
            if (a[2] < near) a = add(b, add(a, b, -1), (b[2] - near) / (b[2] - a[2]));
            if (b[2] < near) b = add(a, add(b, a, -1), (a[2] - near) / (a[2] - b[2]));
            pen.moveTo(...seen(a));
            pen.lineTo(...seen(b));
        }
        pen.stroke();
        for (let i = 0; i < layer.points.length; i += 3) {
            const p = into(layer.points, i);
            if (p[2] > near) pen.fillRect(...seen(p), 1.5, 1.5);
        }
    }
    if (fixed !== null) { // the photo's own frame
        pen.strokeStyle = "#8888";
        pen.lineWidth = 1;
        pen.strokeRect((innerWidth - width) / 2, (innerHeight - height) / 2, width, height);
    }
}

function look() { // after any change: draw the lines at once, and the splat until it is sorted
    const m = pose();
    until = performance.now() + 1500;
    draw();
    if (!engine) return;
    const gl = new pc.Mat4();
    gl.data.set([m[0], m[4], m[8], 0, -m[1], -m[5], -m[9], 0, -m[2], -m[6], -m[10], 0, m[3], m[7], m[11], 1]);
    engine.eye.setPosition(gl.getTranslation());
    engine.eye.setEulerAngles(gl.getEulerAngles());
    engine.app.autoRender = true;
}

// ---- what people do

const fingers = new Map();
let spread = 0;
above.addEventListener("pointerdown", event => {
    above.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    spread = 0;
});
for (const name of ["pointerup", "pointercancel"]) above.addEventListener(name, event => fingers.delete(event.pointerId));
above.addEventListener("pointermove", event => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const dx = event.clientX - last[0], dy = event.clientY - last[1];
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    leave();
    if (fingers.size > 1 || event.buttons & 6 || event.shiftKey) {
        const m = pose(), step = orbit.distance / lens()[0] / Math.max(fingers.size, 1);
        orbit.target = add(add(orbit.target, [m[0], m[4], m[8]], -dx * step), [m[1], m[5], m[9]], -dy * step);
        const [a, b] = [...fingers.values()], now = b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
        if (spread && now) orbit.distance *= spread / now;
        spread = now;
    } else {
        orbit.yaw -= dx * 0.006;
        orbit.pitch = Math.max(-1.55, Math.min(1.55, orbit.pitch + dy * 0.006));
    }
    look();
});
above.addEventListener("wheel", event => {
    event.preventDefault();
    leave();
    orbit.distance *= Math.exp(event.deltaY * 0.001);
    look();
}, {passive: false});
above.addEventListener("contextmenu", event => event.preventDefault());
above.addEventListener("keydown", event => {
    const turn = {ArrowLeft: [-0.06, 0], ArrowRight: [0.06, 0], ArrowUp: [0, 0.06], ArrowDown: [0, -0.06]}[event.key];
    const zoom = {"+": 0.9, "-": 1 / 0.9}[event.key];
    if (!turn && !zoom) return;
    event.preventDefault();
    leave();
    if (turn) [orbit.yaw, orbit.pitch] = [orbit.yaw + turn[0], Math.max(-1.55, Math.min(1.55, orbit.pitch + turn[1]))];
    orbit.distance *= zoom ?? 1;
    look();
});
list.addEventListener("change", () => {
    fixed = list.value === "" ? null : Number(list.value);
    look();
});
for (const layer of layers) layer.box.addEventListener("change", look);
addEventListener("resize", () => {
    engine?.app.resizeCanvas();
    look();
});

// `#view=3` opens at a view of the list, `#bare` without lines and words: for links, and for pictures to measure
const asked = new URLSearchParams(location.hash.slice(1));
if (asked.has("bare")) {
    document.body.classList.add("bare");
    for (const layer of layers) layer.box.checked = false;
}
if (facts.views[Number(asked.get("view") ?? NaN)]) list.value = fixed = Number(asked.get("view"));
try {
    engine = start();
    const shown = document.getElementById("layer-splat");
    shown.addEventListener("change", () => {
        engine.splat.enabled = shown.checked;
        look();
    });
} catch (error) {
    const note = document.getElementById("trouble");
    note.hidden = false;
    note.textContent = `The splat cannot be drawn: this browser offers no WebGL 2 (${error.message ?? error}). Lines are shown.`;
}
look();
