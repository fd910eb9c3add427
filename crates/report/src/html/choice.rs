//! What a reader may choose the charts by, and how recall is laid along their axes.

use maud::{Markup, html};

use crate::{Run, charts::fewer_answers, run::load_name};

/// The mode, and the number of answers whose recall is shown, where there is more than one of
/// either; and the axis of recall, since what matters most lies near its end. `page.js` hides the
/// charts that were not chosen.
pub(super) fn choices(run: &Run) -> Markup {
    let loads = run.main_loads();
    let modes = loads
        .iter()
        .map(|load| (load.mode.name().to_owned(), load_name(*load)));
    let all = [(String::new(), "all".to_owned())].into_iter();
    let modes: Vec<(String, String)> = all.chain(modes).collect();
    let counted = fewer_answers(run).into_iter().chain([run.k()]);
    let ks: Vec<(String, String)> = counted.map(|k| (k.to_string(), k.to_string())).collect();
    let is_fewer = ks.len() > 1;
    let axes = [("even", "even"), ("stretched", "stretched towards 1")];
    let axes = axes.map(|(value, words)| (value.to_owned(), words.to_owned()));
    html! {
            div.choices {
                @if modes.len() > 2 { (choice("Mode", "mode", &modes, "")) }
                @if is_fewer { (choice("Recall of the first", "k", &ks, &run.k().to_string())) }
                (choice("Recall axis", "recall-axis", &axes, "even"))
            }
            @if is_fewer {
                p.legend {
                    "Recall of fewer answers is that of the first of those to a search for "
                    (run.k()) ", whose speed is shown."
                }
            }
    }
}

/// One of several values, told by their words.
fn choice(title: &str, name: &str, values: &[(String, String)], chosen: &str) -> Markup {
    html! {
        fieldset {
            legend { (title) }
            @for (value, words) in values {
                label {
                    input type="radio" name=(name) value=(value) checked[value == chosen]
                        autocomplete="off";
                    " " (words)
                }
            }
        }
    }
}
