import { AsyncFile, type BackendChoice, openPort } from "../../src/engine/index.ts";

/** Run as a program: writes to a file, and leaves it and the port open. It has to end by itself. */
const [backend, path] = process.argv.slice(2) as [BackendChoice, string];
const { port } = openPort({ backend });
const file = await AsyncFile.open(port, path);
file.write("flushed\n");
await file.flush();
file.write("under way\n");
