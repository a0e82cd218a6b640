//! Letters that steer a terminal or hide a text, in answers for programs: spelled out, so that the answer means the same and harms
//! nobody who looks at it. Neither format does so by itself: JSON spells out what is below a blank, and YAML hardly more.

use serde_json::Value;

use crate::letters::is_harmful;

/// The same JSON, harmless to look at.
pub(super) fn of_json(json: &str) -> String {
    spelled(json, |letter| {
        let mut units = [0; 2];
        let units = letter.encode_utf16(&mut units).iter();
        let units: Vec<_> = units.map(|unit| format!("\\u{unit:04x}")).collect();
        units.concat()
    })
}

/// The value as YAML. Not every text of YAML can hold a letter that is spelled out, but all JSON is YAML, and its texts can.
pub(super) fn yaml(value: &Value) -> anyhow::Result<String> {
    let text = serde_yaml::to_string(value)?;
    if !text.contains(is_spelled) {
        return Ok(text);
    }
    // Only that YAML knows no pairs of surrogates.
    let json = serde_json::to_string_pretty(value)?;
    let json = spelled(&json, |letter| format!("\\U{:08x}", u32::from(letter)));
    Ok(format!("{json}\n"))
}

/// Whether a letter may not stand as it is; the ends of lines are ours. The last two are none, and no YAML may hold them.
fn is_spelled(letter: char) -> bool {
    letter != '\n' && is_harmful(letter) || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

/// Spells letters that stand in texts only, as all else is ASCII.
fn spelled(json: &str, spell: impl Fn(char) -> String) -> String {
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_spelled(letter) {
            shown.push_str(&spell(letter));
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn harmful_letters_are_spelled_out_and_the_answer_means_the_same() {
        let value = json!({ "a\u{9b}": ["\u{7f}\u{202e}x", "\u{e0041}", "\u{ffff}", "\n\u{1b}ä🚂\"\\", 7] });
        let json = of_json(&serde_json::to_string_pretty(&value).unwrap());
        let yaml = yaml(&value).unwrap();
        for text in [&json, &yaml] {
            assert!(!text.contains(is_spelled), "{text}");
            assert!(text.contains("ä🚂"), "{text}");
        }
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value);
        assert_eq!(serde_yaml::from_str::<Value>(&yaml).unwrap(), value);
    }

    #[test]
    fn where_there_is_none_yaml_is_yaml() {
        let value = json!({ "a": "b\nc: ä" });
        assert_eq!(
            yaml(&value).unwrap(),
            serde_yaml::to_string(&value).unwrap()
        );
    }
}
