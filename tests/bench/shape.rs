//! How large a benchmark repository is, and how far its staging environment lags behind.

/// The measurements of one manifest repository.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) applications: usize,
    /// `dev`, `staging`, and the rest in the group `prod`; at least two.
    pub(crate) environments: usize,
    /// At least two, so that staging has something to lag behind with.
    pub(crate) releases: usize,
    /// How many applications run one release less on staging than on dev: what a train to staging moves.
    pub(crate) behind: usize,
}

// A release with ten environments is fourteen files: a manifest each, and the four that say where it came from. An
// application deployed to ten environments has fifty more. The numbers of releases follow from that and from the number
// of files wanted: 20,000, 220,000 and 1.2 million.
pub(crate) const SMALL: Shape = Shape {
    name: "S",
    applications: 100,
    environments: 10,
    releases: 11,
    behind: 100,
};
pub(crate) const MEDIUM: Shape = Shape {
    name: "M",
    applications: 1_000,
    environments: 10,
    releases: 12,
    behind: 1_000,
};
pub(crate) const LARGE: Shape = Shape {
    name: "L",
    applications: 5_000,
    environments: 20,
    releases: 6,
    behind: 5_000,
};

// The same applications and environments, the same ten deployments: only the number of releases differs.
pub(crate) const TEN_OF_20K: Shape = Shape {
    name: "ten of 20k",
    behind: 10,
    ..SMALL
};
pub(crate) const TEN_OF_220K: Shape = Shape {
    name: "ten of 220k",
    releases: 153,
    ..TEN_OF_20K
};
pub(crate) const TEN_OF_1200K: Shape = Shape {
    name: "ten of 1200k",
    releases: 853,
    ..TEN_OF_20K
};

pub(crate) const ALL: [Shape; 6] = [SMALL, MEDIUM, LARGE, TEN_OF_20K, TEN_OF_220K, TEN_OF_1200K];

impl Shape {
    /// Returns how many files the generated repository has.
    pub(crate) fn files(&self) -> usize {
        let release = 4 + self.environments;
        let application = 1 + self.releases * release + self.environments * 5;
        self.applications * application + self.environments + 1
    }

    /// Returns the environments' names, each after its upstream.
    pub(crate) fn environment_names(&self) -> Vec<String> {
        let named = ["dev", "staging"].map(String::from);
        let rest = (1..=self.environments - named.len()).map(|number| format!("prod-{number:02}"));
        named.into_iter().chain(rest).collect()
    }

    /// Returns the release that an application runs on the environment at this place in the chain.
    pub(crate) fn deployed(&self, environment: usize, application: usize) -> usize {
        match environment {
            0 => self.releases,
            1 if application >= self.behind => self.releases,
            _ => self.releases - 1,
        }
    }
}
