//! The tiny model computed the slow way, in f64, one text at a time, as the paper writes it.

use std::f64::consts::SQRT_2;

use crate::tiny::{HEADS, HIDDEN, Weights};

type Rows = Vec<Vec<f64>>;

/// What is added to the attention in a head from one place to another.
pub(super) type Bias<'a> = &'a dyn Fn(usize, usize, usize) -> f64;

/// The vectors of the tokens, each `HIDDEN` long.
pub(super) fn forward(weights: &Weights, tokens: &[usize], bias: Bias<'_>) -> Rows {
    let row =
        |table: &str, at: usize| get(weights, &format!("embeddings.{table}.weight"))[at].clone();
    let words: Rows = tokens
        .iter()
        .enumerate()
        .map(|(place, &token)| {
            let parts = [
                row("word_embeddings", token),
                row("position_embeddings", place),
                row("token_type_embeddings", 0),
            ];
            (0..HIDDEN)
                .map(|i| parts.iter().map(|part| part[i]).sum())
                .collect()
        })
        .collect();
    let states = norm(weights, "embeddings.LayerNorm", &words);
    layer(weights, &states, bias)
}

fn layer(weights: &Weights, states: &Rows, bias: Bias<'_>) -> Rows {
    let dense = |name: &str, rows: &Rows| linear(weights, &format!("encoder.layer.0.{name}"), rows);
    let normed = |name: &str, rows: &Rows| norm(weights, &format!("encoder.layer.0.{name}"), rows);
    let [query, key, value] =
        ["query", "key", "value"].map(|name| dense(&format!("attention.self.{name}"), states));
    let seen = attention(&query, &key, &value, bias);
    let attended = add(&dense("attention.output.dense", &seen), states);
    let attended = normed("attention.output.LayerNorm", &attended);
    let wide: Rows = dense("intermediate.dense", &attended)
        .into_iter()
        .map(|row| row.into_iter().map(gelu).collect())
        .collect();
    normed(
        "output.LayerNorm",
        &add(&dense("output.dense", &wide), &attended),
    )
}

fn attention(query: &Rows, key: &Rows, value: &Rows, bias: Bias<'_>) -> Rows {
    let width = HIDDEN / HEADS;
    let mut seen = vec![vec![0.0; HIDDEN]; query.len()];
    for head in 0..HEADS {
        let part = head * width..(head + 1) * width;
        for (from, (query, seen)) in query.iter().zip(&mut seen).enumerate() {
            let score = |(to, key): (usize, &Vec<f64>)| {
                let dot: f64 = part.clone().map(|i| query[i] * key[i]).sum();
                (dot / (width as f64).sqrt() + bias(head, from, to)).exp()
            };
            let scores: Vec<f64> = key.iter().enumerate().map(score).collect();
            let total: f64 = scores.iter().sum();
            for (score, value) in scores.iter().zip(value) {
                part.clone()
                    .for_each(|i| seen[i] += score / total * value[i]);
            }
        }
    }
    seen
}

fn linear(weights: &Weights, name: &str, rows: &Rows) -> Rows {
    let weight = get(weights, &format!("{name}.weight"));
    let bias = &get(weights, &format!("{name}.bias"))[0];
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let apply = |row: &Vec<f64>| {
        weight
            .iter()
            .zip(bias)
            .map(|(w, b)| dot(w, row) + b)
            .collect()
    };
    rows.iter().map(apply).collect()
}

fn norm(weights: &Weights, name: &str, rows: &Rows) -> Rows {
    let weight = &get(weights, &format!("{name}.weight"))[0];
    let bias = &get(weights, &format!("{name}.bias"))[0];
    let apply = |row: &Vec<f64>| {
        let n = row.len() as f64;
        let mean = row.iter().sum::<f64>() / n;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let scaled = row.iter().map(|x| (x - mean) / variance.sqrt());
        scaled
            .zip(weight.iter().zip(bias))
            .map(|(x, (w, b))| x * w + b)
            .collect()
    };
    rows.iter().map(apply).collect()
}

fn add(left: &Rows, right: &Rows) -> Rows {
    let sum = |(left, right): (&Vec<f64>, &Vec<f64>)| {
        left.iter().zip(right).map(|(a, b)| a + b).collect()
    };
    left.iter().zip(right).map(sum).collect()
}

/// x times the normal distribution's integral up to x, by Simpson's rule.
fn gelu(x: f64) -> f64 {
    let steps = 2_000;
    let width = x / SQRT_2 / f64::from(steps);
    let term = |step: i32| {
        let factor = if step == 0 || step == steps {
            1.0
        } else {
            f64::from(2 + 2 * (step % 2))
        };
        factor * (-(width * f64::from(step)).powi(2)).exp()
    };
    let integral: f64 = (0..=steps).map(term).sum::<f64>() * width / 3.0;
    x * (0.5 + integral / std::f64::consts::PI.sqrt())
}

/// A weight as rows; a vector is one row.
fn get(weights: &Weights, name: &str) -> Rows {
    let (shape, values) = &weights[name];
    let columns = shape[shape.len() - 1];
    values
        .chunks(columns)
        .map(|row| row.iter().map(|&value| f64::from(value)).collect())
        .collect()
}
