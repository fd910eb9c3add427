//! What a doctor found, for machines.

use annbench_eval::doctor::{Examination, Finding};
use serde_json::{Value, json};

/// An examination as JSON: `may_run`, every figure, and the findings, the gravest first, each with
/// its kind, severity, figures and words.
///
/// # Errors
/// None that an examination can cause; a figure that is no number becomes null.
pub fn examination_json(examination: &Examination) -> serde_json::Result<Value> {
    let findings = examination.findings.iter().map(finding);
    Ok(json!({
        "may_run": examination.allows_run(),
        "findings": findings.collect::<serde_json::Result<Vec<Value>>>()?,
        "figures": serde_json::to_value(examination)?,
    }))
}

fn finding(finding: &Finding) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(finding)?;
    value["severity"] = serde_json::to_value(finding.severity())?;
    value["what"] = finding.what().into();
    value["consequence"] = finding.consequence().into();
    value["remedy"] = finding.remedy().into();
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examined::examination;

    #[test]
    fn every_finding_has_its_words_and_figures() {
        let value = examination_json(&examination()).unwrap();
        assert_eq!(value["may_run"], false);
        assert_eq!(value["figures"]["base"]["n"], 40);
        let findings = value["findings"].as_array().unwrap();
        assert_eq!(findings[0]["kind"], "not_finite");
        assert_eq!(findings[0]["severity"], "fatal");
        assert_eq!(findings[0]["rows"]["count"], 1);
        for finding in findings {
            for key in ["kind", "severity", "what", "consequence", "remedy"] {
                assert!(
                    finding[key].as_str().is_some_and(|text| !text.is_empty()),
                    "{finding}"
                );
            }
        }
    }
}
