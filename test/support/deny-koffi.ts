/** Preload (`node --import`) that makes koffi fail to load, as on a platform it was not built for. */
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "koffi") throw new Error("Cannot find the native Koffi module");
    return next(specifier, context);
  },
});
