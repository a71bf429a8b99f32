// What `view.js` uses of the PlayCanvas engine. Bundled by the command in `docs/sites.md`, it is `playcanvas.min.js`.
export {
    AppBase, AppOptions, CameraComponentSystem, Color, Entity, GSplatComponentSystem, GSplatData, GSplatResource, Mat4,
    WebglGraphicsDevice
} from "playcanvas";
