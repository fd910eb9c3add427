//! Takes a part of a file of vectors: `convert IN OUT [--rows FILE.npy] [--skip-rows FILE.npy]
//! [--sample N] [--seed N] [--limit N] [--dtype f16|f32|f64]`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example talks to whoever runs it"
)]

use std::{error::Error, path::Path};

use annbench_store::{
    Dtype,
    convert::{ConvertOptions, Step, convert},
    npy::read_row_numbers,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, flags @ ..] = &arguments[..] else {
        return Err("name an input and an output".into());
    };
    let options = options(flags)?;
    let mut steps = Vec::new();
    let mut progress = |step: Step, _| {
        if !steps.contains(&step) {
            steps.push(step);
            eprintln!("{step:?} ...");
        }
    };
    let done = convert(Path::new(input), Path::new(output), &options, &mut progress)?;
    println!(
        "{output}: {} of {} vectors, dim {}, {} bytes",
        done.n, done.n_input, done.dim, done.bytes
    );
    Ok(())
}

fn options(flags: &[String]) -> Result<ConvertOptions, Box<dyn Error>> {
    let mut options = ConvertOptions::default();
    for pair in flags.chunks(2) {
        let [flag, value] = pair else {
            return Err(format!("{} needs a value", pair[0]).into());
        };
        match flag.as_str() {
            "--rows" => options.rows = Some(read_row_numbers(Path::new(value))?),
            "--skip-rows" => options.skip_rows = read_row_numbers(Path::new(value))?,
            "--sample" => options.sample = Some(value.parse()?),
            "--seed" => options.seed = value.parse()?,
            "--limit" => options.limit = Some(value.parse()?),
            "--dtype" => options.dtype = dtype(value)?,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options)
}

fn dtype(name: &str) -> Result<Dtype, String> {
    [Dtype::F16, Dtype::F32, Dtype::F64]
        .into_iter()
        .find(|dtype| dtype.name() == name)
        .ok_or_else(|| format!("unknown dtype {name}; use f16, f32 or f64"))
}
