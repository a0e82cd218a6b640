//! Every target bears its seeds, and what comes of them by chance: the same in every run. `TRAINYARD_FUZZ` makes so many times more of
//! that, and `TRAINYARD_FUZZ_TARGET` limits it to one target.

use std::path::PathBuf;

use super::{TARGETS, Target};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus")
}

/// The seeds of a target, by their names.
fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = corpus().join(target.name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("{folder:?} has the seeds"));
    let files = files.map(|file| file.unwrap());
    let mut seeds: Vec<_> = files
        .map(|file| {
            let name = file.file_name().into_string().unwrap();
            (name, std::fs::read(file.path()).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

/// Numbers by chance, the same in every run: splitmix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// An input that differs a little from a seed, or has nothing to do with it.
fn made_up(chance: &mut Chance, seeds: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].1.clone();
    if chance.below(8) == 0 {
        let length = chance.below(300);
        return (0..length)
            .map(|_| u8::try_from(chance.next() % 256).unwrap())
            .collect();
    }
    for _ in 0..=chance.below(4) {
        let place = chance.below(bytes.len() + 1);
        let end = (place + chance.below(16)).min(bytes.len());
        let byte = u8::try_from(chance.next() % 256).unwrap();
        match chance.below(5) {
            0 if place < bytes.len() => bytes[place] ^= 1 << chance.below(8),
            1 => bytes.insert(place, byte),
            2 => drop(bytes.drain(place..end)),
            3 => {
                let copy = bytes[place..end].to_vec();
                let to = chance.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            _ => {
                let other = &seeds[chance.below(seeds.len())].1;
                let from = chance.below(other.len() + 1);
                bytes.truncate(place);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

/// The targets that shall be tried.
fn wanted() -> impl Iterator<Item = &'static Target> {
    let only = std::env::var("TRAINYARD_FUZZ_TARGET").ok();
    let is_wanted = move |target: &&Target| only.as_ref().is_none_or(|only| target.name == only);
    TARGETS.iter().filter(is_wanted)
}

#[test]
fn every_target_bears_its_seeds() {
    for target in wanted() {
        let seeds = seeds(target);
        assert!(seeds.len() > 1, "{} has seeds", target.name);
        for (name, bytes) in seeds {
            let failed = std::panic::catch_unwind(|| target.run(&bytes)).is_err();
            assert!(!failed, "{}: the seed `{name}`", target.name);
        }
    }
}

#[test]
fn every_target_bears_what_chance_makes_of_its_seeds() {
    let times = std::env::var("TRAINYARD_FUZZ");
    let times: usize = times.map_or(1, |times| times.parse().unwrap());
    for target in wanted() {
        let seeds = seeds(target);
        let mut chance = Chance(1846);
        for _ in 0..target.tries * times {
            let bytes = made_up(&mut chance, &seeds);
            let failed = std::panic::catch_unwind(|| target.run(&bytes)).is_err();
            assert!(!failed, "{}: {}", target.name, bytes.escape_ascii());
        }
    }
}

#[test]
fn every_folder_of_seeds_has_its_target() {
    for folder in std::fs::read_dir(corpus()).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(Target::named(&name).is_some(), "{name}");
    }
}
