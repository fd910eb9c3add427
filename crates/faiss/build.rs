//! Compiles `src/shim.cpp` against the headers of the FAISS that `faiss-sys` built.

use std::{env, error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/shim.cpp");
    // The `cmake` crate, run by faiss-sys' build script, says where it installed FAISS.
    let faiss = env::var_os("DEP_FAISS_C_ROOT")
        .ok_or("faiss-sys does not say where it installed FAISS; build it with feature `static`")?;
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .flag("-fopenmp")
        .include(PathBuf::from(faiss).join("include"))
        .define("FINTEGER", "int")
        .warnings(false)
        .file("src/shim.cpp")
        .try_compile("annbench_faiss_shim")?;
    Ok(())
}
