/**
 * Loads a package of bench/node_modules. The name is not written in an import, so that type checking
 * works where the peers are not installed; each server declares the little that it uses.
 */
export async function importPeer<Module>(name: string): Promise<Module> {
  return (await import(name)) as Module;
}
