"""WebAssembly: from an object file of LLVM to a module that browsers run."""
