//! The expressions of workflows, as far as ours use them. Whatever is not known here is an error: nothing is guessed.

use serde_json::Value;

/// What names stand for.
pub(super) trait Names {
    /// The value of a name such as `github.event.number`.
    fn value(&self, path: &[&str]) -> Result<Value, String>;
    /// The value of a status function: `success`, `failure`, `always` or `cancelled`.
    fn status(&self, function: &str) -> Result<bool, String>;
}

/// A text with `${{ }}` in it.
pub(super) fn filled(text: &str, names: &dyn Names) -> Result<String, String> {
    let mut rest = text;
    let mut filled = String::new();
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").ok_or("`${{` has no end")?;
        filled += before;
        filled += &as_text(&evaluated(expression, names)?)?;
        rest = after;
    }
    Ok(filled + rest)
}

/// Whether a condition holds. Without a status function in it, a step runs only as long as nothing has failed.
pub(super) fn holds(condition: &str, names: &dyn Names) -> Result<bool, String> {
    let condition = condition.trim();
    let inner = condition.strip_prefix("${{");
    let inner = inner.and_then(|inner| inner.strip_suffix("}}"));
    let condition = inner.unwrap_or(condition);
    if condition.contains("${{") {
        return Err(format!("`{condition}` is a text and not a condition"));
    }
    let status = ["success(", "failure(", "always(", "cancelled("];
    let named = status.iter().any(|function| condition.contains(function));
    Ok((named || names.status("success")?) && is_true(&evaluated(condition, names)?))
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn as_text(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.clone()),
        Value::Array(_) | Value::Object(_) => Err(format!("{value} is no text")),
    }
}

fn evaluated(expression: &str, names: &dyn Names) -> Result<Value, String> {
    let tokens = tokens(expression)?;
    let mut reader = Reader {
        tokens: &tokens,
        names,
    };
    let value = reader.either()?;
    match reader.tokens {
        [] => Ok(value),
        [next, ..] => Err(format!("`{next}` is one too many in `{expression}`")),
    }
}

fn tokens(expression: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(letter) = rest.chars().next() {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let length = if letter == '\'' {
            rest[1..].find('\'').ok_or("a `'` has no end")? + 2
        } else if is_word(letter) {
            rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
        } else if ["==", "!=", "&&", "||"]
            .iter()
            .any(|operator| rest.starts_with(operator))
        {
            2
        } else if "!()".contains(letter) {
            1
        } else {
            return Err(format!("`{letter}` is not known in `{expression}`"));
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: &'a [String],
    names: &'a dyn Names,
}

impl Reader<'_> {
    fn take(&mut self, token: &str) -> bool {
        let found = self.tokens.first().is_some_and(|next| next == token);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn either(&mut self) -> Result<Value, String> {
        let mut value = self.both()?;
        while self.take("||") {
            let other = self.both()?;
            value = if is_true(&value) { value } else { other };
        }
        Ok(value)
    }

    fn both(&mut self) -> Result<Value, String> {
        let mut value = self.compared()?;
        while self.take("&&") {
            let other = self.compared()?;
            value = if is_true(&value) { other } else { value };
        }
        Ok(value)
    }

    fn compared(&mut self) -> Result<Value, String> {
        let value = self.single()?;
        let equal = self.take("==");
        if !equal && !self.take("!=") {
            return Ok(value);
        }
        // Letters of either case are equal to GitHub.
        let [left, right] = [value, self.single()?].map(|value| as_text(&value));
        Ok(Value::Bool(left?.eq_ignore_ascii_case(&right?) == equal))
    }

    fn single(&mut self) -> Result<Value, String> {
        if self.take("!") {
            return Ok(Value::Bool(!is_true(&self.single()?)));
        }
        if self.take("(") {
            let value = self.either()?;
            return if self.take(")") {
                Ok(value)
            } else {
                Err("a `(` has no end".into())
            };
        }
        let [token, rest @ ..] = self.tokens else {
            return Err("something is missing".into());
        };
        self.tokens = rest;
        if let Some(text) = token.strip_prefix('\'') {
            return Ok(text.trim_end_matches('\'').into());
        }
        if self.take("(") {
            let truth = self.names.status(token)?;
            return if self.take(")") {
                Ok(truth.into())
            } else {
                Err("a `(` has no end".into())
            };
        }
        let path: Vec<_> = token.split('.').collect();
        self.names.value(&path)
    }
}

#[cfg(test)]
struct Few;

impl Names for Few {
    fn value(&self, path: &[&str]) -> Result<Value, String> {
        match path {
            ["a", "b-c"] => Ok("x".into()),
            ["a", "none"] => Ok(Value::Null),
            _ => Err(format!("{path:?} is not known")),
        }
    }

    fn status(&self, function: &str) -> Result<bool, String> {
        match function {
            "failure" | "always" => Ok(true),
            "success" => Ok(false),
            _ => Err(format!("{function} is not known")),
        }
    }
}

#[test]
fn expressions_are_evaluated_and_unknown_ones_are_errors() {
    assert_eq!(
        filled("1${{ a.b-c }}${{ a.none || 'y' }}2", &Few).unwrap(),
        "1xy2"
    );
    for (condition, truth) in [
        ("a.b-c == 'X' && failure()", true),
        ("${{ always() && !(a.none != '') }}", true),
        ("a.b-c == 'x'", false),
        ("failure() && (a.none || a.b-c != 'x')", false),
    ] {
        assert_eq!(holds(condition, &Few), Ok(truth), "{condition}");
    }
    for unknown in [
        "a.nope",
        "a.b-c == ",
        "contains('a', 'b')",
        "a.b-c[0]",
        "'x",
        "(always()",
        "always() a.b-c",
        "x ${{ a.none }}",
    ] {
        assert!(
            holds(&format!("always() && {unknown}"), &Few).is_err(),
            "{unknown}"
        );
    }
}
