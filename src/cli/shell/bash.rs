//! A line as bash has it, with its quotes, and candidates as bash takes them: it replaces but a part of the word, and inserts what it is
//! given as it is.

use super::candidates::{Answer, Candidate};

/// A line up to the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// The words between the name of the program and the one of the cursor.
    pub(super) words: Vec<String>,
    /// The word of the cursor.
    pub(super) current: String,
    /// The same as it was typed.
    raw: String,
    /// The quotes in which the cursor stands.
    quotes: Option<char>,
}

impl Typed {
    /// Takes the quotes off. What the shell would expand stays as it is: nothing is ever run.
    pub(super) fn read(line: &str) -> Self {
        let mut typed = Self::default();
        let mut letters = line.chars();
        let mut is_word = false;
        while let Some(letter) = letters.next() {
            if typed.quotes.is_none() && letter.is_whitespace() {
                if is_word {
                    typed.words.push(std::mem::take(&mut typed.current));
                    typed.raw.clear();
                }
                is_word = false;
                continue;
            }
            is_word = true;
            typed.raw.push(letter);
            match (typed.quotes, letter) {
                (None, '\'' | '"') => typed.quotes = Some(letter),
                (Some(quotes), _) if letter == quotes => typed.quotes = None,
                (None | Some('"'), '\\') => {
                    let next = letters.next();
                    typed.raw.extend(next);
                    // Within quotes it counts only before what would mean something.
                    if typed.quotes.is_some() && !next.is_some_and(|next| "$`\"\\".contains(next)) {
                        typed.current.push(letter);
                    }
                    typed.current.extend(next);
                }
                _ => typed.current.push(letter),
            }
        }
        // Variables for the program, and the program.
        let is_variable = |word: &&String| {
            let name = word.split_once('=').map_or("", |(name, _)| name);
            let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            !name.is_empty() && name.chars().all(in_name)
        };
        let before = typed.words.iter().take_while(is_variable).count() + 1;
        typed.words.drain(..before.min(typed.words.len()));
        typed
    }

    /// The candidates that begin as the word does, as bash puts them in place of `replaced`, which is the end of the word.
    pub(super) fn quoted(&self, answer: Answer, replaced: &str) -> Answer {
        let Answer::Values(candidates) = answer else {
            return answer;
        };
        let kept = self.raw.strip_suffix(replaced).unwrap_or_default();
        let kept = Self::read(&format!("trainyard {kept}")).current;
        let fitting = candidates
            .into_iter()
            .filter(|candidate| candidate.word.starts_with(&self.current));
        let quoted = fitting.filter_map(|Candidate { word, about }| {
            let word = self.written(word.strip_prefix(&kept)?)?;
            Some(Candidate { word, about })
        });
        Answer::Values(quoted.collect())
    }

    /// A text so that it means itself where the cursor stands; `None` if it cannot.
    fn written(&self, text: &str) -> Option<String> {
        match self.quotes {
            Some('\'') => (!text.contains('\'')).then(|| text.to_owned()),
            Some(_) => (!text.contains(['$', '`', '"', '\\', '!'])).then(|| text.to_owned()),
            None => Some(text.chars().fold(String::new(), |mut written, letter| {
                let harmless = letter.is_alphanumeric() || "-_./,:=@%+".contains(letter);
                if !harmless {
                    written.push('\\');
                }
                written.push(letter);
                written
            })),
        }
    }
}
