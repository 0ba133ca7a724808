/** The part of the WebAssembly interface that Portyard uses. TypeScript keeps it in its library for browsers, whose other
 *  names have no business here, and Node's types leave it out. */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(delta: number): number;
  }
  var Memory: { prototype: Memory; new (descriptor: MemoryDescriptor): Memory };

  interface Global {
    value: unknown;
  }
  interface Table {
    readonly length: number;
  }
  type ExportValue = ((...values: never[]) => unknown) | Global | Memory | Table;
  type Exports = Record<string, ExportValue>;
  type ImportValue = ExportValue | number;
  type Imports = Record<string, Record<string, ImportValue>>;

  type Module = object;
  var Module: { prototype: Module; new (bytes: ArrayBuffer | ArrayBufferView): Module };
  interface Instance {
    readonly exports: Exports;
  }
  var Instance: { prototype: Instance; new (module: Module, imports?: Imports): Instance };
  interface WebAssemblyInstantiatedSource {
    instance: Instance;
    module: Module;
  }

  type RuntimeError = Error;
  var RuntimeError: { prototype: RuntimeError; new (message?: string): RuntimeError };
  type CompileError = Error;
  var CompileError: { prototype: CompileError; new (message?: string): CompileError };
  type LinkError = Error;
  var LinkError: { prototype: LinkError; new (message?: string): LinkError };

  function compile(bytes: ArrayBuffer | ArrayBufferView): Promise<Module>;
  function instantiate(bytes: ArrayBuffer | ArrayBufferView, imports?: Imports): Promise<WebAssemblyInstantiatedSource>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function validate(bytes: ArrayBuffer | ArrayBufferView): boolean;
}
