/** The part of the JavaScript API of WebAssembly that is used here: Node's types leave it to those of browsers. */
/* eslint-disable no-restricted-syntax, @typescript-eslint/no-extraneous-class -- as the standard declares them */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }

  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
  }

  class Memory {
    readonly buffer: SharedArrayBuffer;
    constructor(descriptor: { readonly initial: number; readonly maximum: number; readonly shared: true });
    /** Adds pages of 64 KiB. Throws `RangeError` if it cannot. */
    grow(pages: number): number;
  }

  interface Global {
    value: number;
  }

  class CompileError extends Error {}
}
