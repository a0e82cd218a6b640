//! The shapes of checkout, each with what somebody does who has one.

use std::fs;
use std::process::Command;

use super::cell::Cell;
use super::site::Site;

/// A shape of checkout.
pub(super) struct Shape {
    pub(super) name: &'static str,
    /// What to do, in the table.
    pub(super) advice: &'static str,
    /// What the error and its hint have to say, if the shape is refused.
    pub(super) refusal: Option<(&'static str, &'static str)>,
    /// Makes it; or why that cannot be done here.
    pub(super) make: fn(&Site) -> Result<Cell, String>,
}

const NOTHING: &str = "";

/// A file of the yard with several lines.
const MANIFESTS: &str = "applications/web/releases/1/environments/dev/manifests.yaml";
/// A link of the yard.
const LINK: &str = "environments/dev/applications/web/version";

const fn works(
    name: &'static str,
    advice: &'static str,
    make: fn(&Site) -> Result<Cell, String>,
) -> Shape {
    Shape {
        name,
        advice,
        refusal: None,
        make,
    }
}

const fn refused(
    name: &'static str,
    advice: &'static str,
    refusal: (&'static str, &'static str),
    make: fn(&Site) -> Result<Cell, String>,
) -> Shape {
    Shape {
        name,
        advice,
        refusal: Some(refusal),
        make,
    }
}

/// All of them, in the order of the table.
pub(super) const SHAPES: &[Shape] = &[
    works("full clone", NOTHING, |site| Ok(site.clone())),
    works("shallow, `--depth=1`", NOTHING, |site| {
        Ok(site.clone_with(&["--depth=1"]).shallow())
    }),
    works("`--single-branch`", NOTHING, |site| {
        site.world.remote_git(&["branch", "side", "main"]);
        let cell = site.clone_with(&["--single-branch"]);
        Ok(cell.of_one_branch("main"))
    }),
    works(
        "clone of another branch alone",
        "pass `--branch main`",
        |site| {
            site.world.remote_git(&["branch", "side", "main"]);
            let cell = site.clone_with(&["--single-branch", "--branch=side"]);
            let cell = cell.of_one_branch("side");
            Ok(cell.with_flags("--branch main"))
        },
    ),
    works("partial, `--filter=blob:none`", NOTHING, |site| {
        // The checkout fetches all that the newest commit has; so something is to be older.
        site.world.file("docs/index.md", "anew\n");
        let cell = site.clone_with(&["--filter=blob:none"]);
        Ok(cell.partial("blob:none"))
    }),
    works(
        "partial, `--filter=tree:0`",
        "prefer `blob:none`, which has the folders",
        |site| Ok(site.clone_with(&["--filter=tree:0"]).partial("tree:0")),
    ),
    works("`extensions.partialClone` alone", NOTHING, |site| {
        let cell = site.clone();
        cell.configure(&[
            ("core.repositoryFormatVersion", "1"),
            ("extensions.partialClone", "origin"),
        ]);
        Ok(cell)
    }),
    works("sparse checkout, cone", NOTHING, |site| {
        let folder = ["ls-files", "--sparse", "tools"];
        Ok(sparse(site, "--no-sparse-index").proven(&folder, "tools/run.sh"))
    }),
    works("sparse index", NOTHING, |site| {
        let folder = ["ls-files", "--sparse", "tools"];
        Ok(sparse(site, "--sparse-index").proven(&folder, "tools/"))
    }),
    works("split index", NOTHING, |site| {
        let cell = site.clone();
        cell.configure(&[("core.splitIndex", "true")]);
        cell.git(&["update-index", "--split-index"]);
        Ok(cell.holding(".git/index", "link"))
    }),
    works("untracked cache", NOTHING, |site| {
        let cell = site.clone();
        cell.configure(&[("core.untrackedCache", "true")]);
        cell.git(&["status"]);
        Ok(cell.holding(".git/index", "UNTR"))
    }),
    works("file system monitor", NOTHING, |site| {
        let cell = site.clone();
        // Everything may have changed, it says.
        let monitor = site.world.script("monitor", "printf 'yard\\0/\\0'");
        cell.configure(&[("core.fsmonitor", &monitor)]);
        cell.git(&["status"]);
        Ok(cell.holding(".git/index", "FSMN"))
    }),
    works("linked work tree", NOTHING, |site| {
        let main = site.clone_to("main", &[]);
        main.git(&["checkout", "-q", "--detach"]);
        main.git(&["worktree", "add", "-q", "../cell", "main"]);
        Ok(site.cell("cell").with_git_file())
    }),
    works("linked work tree of a shallow clone", NOTHING, |site| {
        let main = site.clone_to("main", &["--depth=1"]);
        main.git(&["checkout", "-q", "--detach"]);
        main.git(&["worktree", "add", "-q", "../cell", "main"]);
        Ok(site.cell("cell").with_git_file().shallow())
    }),
    works("git folder elsewhere", NOTHING, |site| {
        let place = site.place("git-folder").display().to_string();
        let cell = site.clone_with(&["--separate-git-dir", &place]);
        let question = ["rev-parse", "--absolute-git-dir"];
        Ok(cell.with_git_file().proven(&question, &place))
    }),
    refused(
        "`core.worktree` elsewhere",
        "`git config --unset core.worktree`, or a `.git` there that leads back",
        ("which is no checkout of it", "--unset core.worktree"),
        |site| {
            let cell = site.clone();
            let place = site.place("files");
            cell.world
                .shell("mkdir ../files && mv applications docs environments tools ../files");
            cell.configure(&[("core.worktree", &place.display().to_string())]);
            Ok(cell)
        },
    ),
    works("submodule of another repository", NOTHING, |site| {
        let outer = site.place("outer");
        site.world.shell("git init -q -b main ../outer");
        let inner = site.clone_to("outer/manifests", &[]);
        let outer = site.cell(&outer.file_name().unwrap().to_string_lossy());
        let address = site.address.as_str();
        outer.git(&["submodule", "--quiet", "add", address, "manifests"]);
        outer.git(&["submodule", "--quiet", "absorbgitdirs"]);
        let place = site.place("outer").display().to_string();
        let question = ["rev-parse", "--show-superproject-working-tree"];
        Ok(inner.with_git_file().proven(&question, &place))
    }),
    works("submodule beside the manifests", NOTHING, |site| {
        site.world.shell(
            "git init -q -b main ../inner && git -C ../inner commit -q --allow-empty -m inner\n\
             git -c protocol.file.allow=always submodule --quiet add \"$PWD/../inner\" parts/inner\n\
             git commit -q -m parts && git push -q",
        );
        let question = ["ls-tree", "--format=%(objectmode)", "HEAD", "parts/inner"];
        Ok(site.clone().proven(&question, "160000"))
    }),
    works("objects of another clone, `--reference`", NOTHING, |site| {
        let other = site.world.checkout().display().to_string();
        let cell = site.clone_with(&["--reference", &other]);
        Ok(cell.holding(".git/objects/info/alternates", &other))
    }),
    works("folder with an odd name", NOTHING, |site| {
        Ok(site.clone_to("d'\u{e9}j\u{e0} \"vu\"\n$(x) %41", &[]))
    }),
    works(
        "`--no-checkout`",
        "`git checkout main`, if you want the files",
        |site| {
            let cell = site.clone_with(&["--no-checkout"]);
            Ok(cell.proven(&["ls-files"], ""))
        },
    ),
    refused(
        "detached HEAD",
        "pass `--branch main`; it is never guessed",
        ("no branch is checked out", "`--branch main`"),
        |site| Ok(detached(site)),
    ),
    works("detached HEAD, `--branch main`", NOTHING, |site| {
        Ok(detached(site).with_flags("--branch main"))
    }),
    works("bare, named with `-C`", NOTHING, |site| {
        Ok(site.clone_with(&["--bare"]).bare().with_flags("-C ."))
    }),
    works("mirror, named with `-C`", NOTHING, |site| {
        let cell = site.clone_with(&["--mirror"]).bare();
        let cell = cell.proven(&["config", "remote.origin.mirror"], "true");
        Ok(cell.with_flags("-C ."))
    }),
    refused(
        "bare, found inside another repository",
        "pass it with `-C`, if you mean it",
        ("is a bare repository that nobody named", "with `-C "),
        |site| {
            site.clone_to("outer", &[]);
            site.clone_to("outer/docs/inner.git", &["--bare"]);
            Ok(site.cell("outer/docs/inner.git/refs").bare())
        },
    ),
    refused(
        "belongs to another user",
        "`git config --global --add safe.directory PATH`, if you trust it",
        (
            "belongs to somebody else",
            "git config --global --add safe.directory ",
        ),
        foreign,
    ),
    works(
        "belongs to another user, `safe.directory`",
        NOTHING,
        |site| {
            let mut cell = foreign(site)?;
            let place = cell.world.checkout().display().to_string();
            let settings = [
                ("GIT_CONFIG_COUNT", "1"),
                ("GIT_CONFIG_KEY_0", "safe.directory"),
                ("GIT_CONFIG_VALUE_0", &place),
            ];
            let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
            cell.variables.extend(settings);
            Ok(cell)
        },
    ),
    refused(
        "SHA-256 object ids",
        "keep manifests in a repository with SHA-1 ids",
        ("it uses SHA-256 object ids", "SHA-1 ids"),
        |site| {
            site.world.shell(
                "rm -r ../remote.git && git init -q -b main --bare --object-format=sha256 ../remote.git\n\
                 git init -q -b main --object-format=sha256 ../new && cp -R environments ../new\n\
                 git -C ../new add -A && git -C ../new commit -q -m begin && git -C ../new push -q ../remote.git main",
            );
            let question = ["rev-parse", "--show-object-format"];
            Ok(site.clone().proven(&question, "sha256"))
        },
    ),
    refused(
        "refs in a reftable",
        "`git refs migrate --ref-format=files`",
        ("it stores its refs as a reftable", "--ref-format=files"),
        |site| {
            let cell = site.clone();
            let migrated = cell.try_git(&["refs", "migrate", "--ref-format=reftable"]);
            if migrated.status.success() {
                return Ok(cell.holding(".git/reftable/tables.list", ".ref"));
            }
            // To a git that knows none, and to us, this is all there is to see of one.
            cell.git(&["config", "extensions.refStorage", "reftable"]);
            cell.world.shell(
                "sed -i 's/repositoryformatversion = 0/repositoryformatversion = 1/' .git/config",
            );
            Ok(cell)
        },
    ),
    refused(
        "an extension that git does not know",
        "use the git that made it, or clone again",
        ("extensions.newest", "clone the manifest repository again"),
        |site| {
            let cell = site.clone();
            cell.git(&["config", "extensions.newest", "true"]);
            cell.world.shell(
                "sed -i 's/repositoryformatversion = 0/repositoryformatversion = 1/' .git/config",
            );
            Ok(cell)
        },
    ),
    works("`core.autocrlf=true`", NOTHING, |site| {
        let cell = site.clone_with(&["--config=core.autocrlf=true"]);
        Ok(cell.holding(MANIFESTS, "\r\n"))
    }),
    works("`core.symlinks=false`", NOTHING, |site| {
        let cell = site.clone_with(&["--config=core.symlinks=false"]);
        let link = cell.world.checkout().join(LINK);
        assert!(fs::symlink_metadata(link).unwrap().is_file());
        Ok(cell)
    }),
    works("line endings by attribute", NOTHING, |site| {
        let attributes = "*.yaml text eol=crlf\n";
        site.world.file(".gitattributes", attributes);
        Ok(site.clone().holding(MANIFESTS, "\r\n"))
    }),
    works(
        "filter on manifests",
        "it must give back what it was given",
        |site| {
            site.world
                .file(".gitattributes", "manifests.yaml filter=rot\n");
            let filter = [
                "--config=filter.rot.clean=tr A-Za-z N-ZA-Mn-za-m",
                "--config=filter.rot.smudge=tr A-Za-z N-ZA-Mn-za-m",
                "--config=filter.rot.required=true",
            ];
            let cell = site.clone_with(&filter);
            let written = cell.git(&["show", &format!("HEAD:{MANIFESTS}")]);
            let rotten = fs::read_to_string(cell.world.checkout().join(MANIFESTS)).unwrap();
            assert_ne!(rotten.trim_end(), written);
            Ok(cell)
        },
    ),
    works("git LFS on other files", NOTHING, |site| {
        site.world
            .file(".gitattributes", "*.bin filter=lfs -text\n");
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        site.world.file("docs/picture.bin", pointer);
        // As on a machine without git-lfs.
        let question = ["check-attr", "filter", "docs/picture.bin"];
        Ok(site
            .clone()
            .proven(&question, "docs/picture.bin: filter: lfs"))
    }),
    works("a remote that is not called `origin`", NOTHING, |site| {
        Ok(site.clone_with(&["--origin=manifests"]))
    }),
    works(
        "several remotes, one of them the branch's",
        NOTHING,
        |site| {
            let cell = site.clone();
            cell.git(&["remote", "add", "fork", &site.address_of("fork.git")]);
            Ok(cell)
        },
    ),
    refused(
        "several remotes, none of them the branch's",
        "pass `--remote NAME`, or set `trainyard.remote`",
        ("several remotes", "`--remote fork` or `--remote origin`"),
        |site| {
            let cell = site.clone();
            cell.git(&["remote", "add", "fork", &site.address_of("fork.git")]);
            cell.git(&["config", "--unset", "branch.main.remote"]);
            Ok(cell)
        },
    ),
    works("no upstream", NOTHING, |site| {
        let cell = site.clone();
        cell.git(&["branch", "-q", "--unset-upstream"]);
        Ok(cell)
    }),
    works(
        "`pushurl`: the same place by another URL",
        NOTHING,
        |site| {
            let cell = site.clone();
            site.world.shell("ln -s remote.git ../alias.git");
            let alias = site.address_of("alias.git");
            cell.configure(&[("remote.origin.pushurl", &alias)]);
            Ok(cell)
        },
    ),
    refused(
        "`pushurl`: another place that stands elsewhere",
        "wait until both are the same, or pass `--remote` with one that has one URL",
        ("which differ", "`git remote -v`"),
        |site| {
            let cell = site.clone();
            fork(site);
            let fork = site.address_of("fork.git");
            cell.configure(&[("remote.origin.pushurl", &fork)]);
            Ok(cell)
        },
    ),
    refused(
        "several `pushurl`s",
        "pass `--remote` with one that has one URL",
        ("is pushed to 2 places", "name a remote with one URL"),
        |site| {
            let cell = site.clone();
            fork(site);
            for place in ["remote.git", "fork.git"] {
                let address = site.address_of(place);
                cell.git(&["config", "--add", "remote.origin.pushurl", &address]);
            }
            Ok(cell)
        },
    ),
    works("`insteadOf` for the URL", NOTHING, |site| {
        let cell = site.clone();
        let key = format!("url.{}.insteadOf", site.address_of(""));
        cell.configure(&[(&key, "yard:"), ("remote.origin.url", "yard:remote.git")]);
        Ok(cell)
    }),
    works(
        "`pushInsteadOf`: the same place by another URL",
        NOTHING,
        |site| {
            let cell = site.clone();
            site.world.shell("ln -s remote.git ../alias.git");
            let key = format!("url.{}.pushInsteadOf", site.address_of("alias.git"));
            cell.configure(&[(&key, &site.address)]);
            Ok(cell)
        },
    ),
    works("`includeIf` with URL and credentials", NOTHING, |site| {
        let cell = site.clone();
        let file = site.world.scratch("included", "");
        let settings = site.settings.iter();
        let settings = settings.map(|(key, value)| (key.as_str(), value.as_str()));
        let url = ("remote.origin.url", site.address.as_str());
        for (key, value) in settings.chain([url]) {
            cell.git(&["config", "--unset-all", key]);
            cell.git(&["config", "--file", &file, key, value]);
        }
        let key = format!(
            "includeIf.gitdir:{}/.git.path",
            site.place("cell").display()
        );
        cell.configure(&[(&key, &file)]);
        Ok(cell)
    }),
    works("run by a hook of another repository", NOTHING, |site| {
        site.world.shell(
            "git init -q -b main ../other && git -C ../other commit -q --allow-empty -m other",
        );
        let mut cell = site.clone();
        let other = site.place("other/.git").display().to_string();
        let variables = [
            ("GIT_DIR", other.clone()),
            ("GIT_WORK_TREE", "/".to_owned()),
            ("GIT_INDEX_FILE", format!("{other}/index")),
            ("GIT_OBJECT_DIRECTORY", format!("{other}/objects")),
            ("GIT_QUARANTINE_PATH", format!("{other}/objects")),
            ("GIT_COMMON_DIR", other),
            ("GIT_PREFIX", "docs/".to_owned()),
            ("GIT_NAMESPACE", "elsewhere".to_owned()),
        ];
        cell.ours = variables
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        Ok(cell)
    }),
];

/// A sparse checkout with this form of the index.
fn sparse(site: &Site, index: &str) -> Cell {
    let cell = site.clone_with(&["--sparse"]);
    cell.git(&["sparse-checkout", "init", "--cone", index]);
    cell.git(&["sparse-checkout", "set", "environments", "applications"]);
    cell.sparse()
}

/// As CI checks out a commit.
fn detached(site: &Site) -> Cell {
    let cell = site.clone();
    cell.git(&["checkout", "-q", "--detach"]);
    cell.detached()
}

/// A repository beside the remote, with one commit more.
fn fork(site: &Site) {
    site.world.shell(
        "git clone -q --bare ../remote.git ../fork.git\n\
         git -C ../fork.git config http.receivepack true\n\
         git -C ../fork.git update-ref refs/heads/main $(git -C ../fork.git commit-tree -p main -m ahead main^{tree})",
    );
}

/// A checkout of another user.
fn foreign(site: &Site) -> Result<Cell, String> {
    let cell = site.clone();
    let place = cell.world.checkout();
    let chown = Command::new("chown")
        .args(["-R", "12345"])
        .arg(place)
        .output();
    match chown {
        Ok(output) if output.status.success() => Ok(cell),
        _ => Err("only root can give a checkout to another user".to_owned()),
    }
}
