//! What may be shown of a manifest, by every trick that brings a secret into it.

use super::*;

/// A manifest as it is shown.
fn shown(text: &str) -> String {
    let lines = Mask::default().lines(text.as_bytes());
    let lines = match lines {
        Ok(lines) => lines,
        Err(why) => return format!("{why:?}"),
    };
    let lines = lines.into_iter().map(|line| {
        let end = if line.ended { "\n" } else { "" };
        format!("{}{end}", line.shown)
    });
    lines.collect()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(shown(text), expected, "of {text:?}");
}

/// No word of what is secret is shown, however it comes.
#[track_caller]
fn check_hides(text: &str) {
    let shown = shown(text);
    for word in ["hunter2", "aHVudGVyMg", "hunter"] {
        assert!(!shown.contains(word), "{text:?} is shown as {shown:?}");
    }
}

/// The text stays as it is.
#[track_caller]
fn check_open(text: &str) {
    check(text, text);
}

#[test]
fn what_holds_no_secret_is_shown_as_it_stands() {
    for text in [
        "",
        " ",
        "a: 1",
        "a: 1\r\nb: 2 # c\n---\n\n\tx\n",
        "kind: ConfigMap\ndata:\n  password: x # not nice\n",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData: {a: AgBy}\n  template:\n    data: {b: c}\n",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec:\n  data:\n  - secretKey: a\n    remoteRef: {key: b}\n",
        "kind: Deployment\nspec:\n  volumes:\n  - secret: {secretName: a}\n  envFrom:\n  - {kind: Secret, name: b}\n",
        "kind: ConfigMap\ndata:\n  doc: |\n    ---\n    a: 1\n    ---\n    kind: Secret of the shop\n",
        "# kind: ConfigMap\n# data: x\n",
    ] {
        let shown = shown(text);
        if text.contains('\t') {
            assert_eq!(shown, "NoYaml");
        } else {
            assert_eq!(shown, text);
        }
    }
}

#[test]
fn the_values_of_a_secret_are_hidden_and_its_names_are_shown() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\n  labels: {app: web}\ntype: Opaque\n";
    let head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: login\n  labels:\n    app: web\ntype: Opaque\n";
    check(
        &format!("{secret}data:\n  user: YWRt # adm\n  pass: aHVudGVyMg==\n"),
        &format!("{head}data:\n  user: (secret value)\n  pass: (secret value)\n"),
    );
    check(
        &format!(
            "kind: ConfigMap # one\n---\n# two\n{secret}stringData: {{a: hunter2}}\n---\n# three\nkind: Pod\n"
        ),
        &format!(
            "kind: ConfigMap # one\n---\n{head}stringData:\n  a: (secret value)\n---\n# three\nkind: Pod\n"
        ),
    );
}

#[test]
fn a_value_is_hidden_however_it_is_written() {
    for value in [
        "hunter2",
        "'hunter2'",
        "\"hunter2\"",
        "\"hun\\\n    ter2\"",
        "\"\\x68unter2\"",
        "|\n    hunter2\n    hunter2\n",
        "|-\n    hunter2\n    ---\n    kind: Pod\n    hunter2",
        ">+\n    hunter2\n\n    hunter2\n\n",
        "|4\n        hunter2\n",
        "# hunter2\n    hunter2",
        "hunter2 # hunter2\n  # hunter2\n",
        "!!binary aHVudGVyMg==",
        "!mine hunter2",
        "!mine {a: !yours hunter2}",
        "[hunter2, hunter2]",
        "{x: hunter2}",
        "&a hunter2\n  c: *a",
        "2 hunter2",
        "hunter2\r",
        "hunter2\n  'hunter2 key': x",
        "x\n  ? [hunter2]\n  : hunter2",
        "x\n  ? |\n    hunter2\n  : x",
    ] {
        for kind in [
            "Secret",
            "\"Secret\"",
            "'Secret'",
            "!!str Secret",
            "\"\\u0053ecret\"",
            "secret",
            ">-\n  Secret",
            "!!binary U2VjcmV0",
            "!x Secret",
            "&k Secret",
        ] {
            for field in [
                "data",
                "stringData",
                "\"data\"",
                "? data\n",
                "!!str data",
                "stringdata",
                "Data",
                "values",
            ] {
                check_hides(&format!("kind: {kind}\n{field}:\n  b: {value}\n"));
                check_hides(&format!("{field}:\n  b: {value}\nkind: {kind}\n# hunter2"));
                check_hides(&format!("{field}: {value}\n\"kind\": {kind}\n"));
            }
        }
    }
}

#[test]
fn a_secret_is_found_wherever_it_stands() {
    let secret = r#"{"kind":"Secret","metadata":{"name":"x"},"data":{"a":"hunter2"}}"#;
    for text in [
        secret.to_owned(),
        format!("--- {secret}\n"),
        format!("---\n...\n{secret}\n"),
        format!("%YAML 1.1\n---\n{secret}\n...\n%YAML 1.1\n---\na: 1"),
        format!("\u{feff}---\n{secret}"),
        format!("a: 1\n--- # two\n{secret}"),
        format!("a: 1\r\n---\r\n{secret}"),
        format!("a: 1\r---\r{secret}"),
        format!("a: 1\u{2028}---\u{2028}{secret}"),
        format!("# a\u{85}{secret}"),
        format!("kind: List\nitems:\n- {{kind: Pod}}\n- {secret}\n- {{kind: List, items: [{secret}]}}\n"),
        format!("items: [{secret}]\nkind: List"),
        format!("kind: Template\nobjects:\n- {secret}\n"),
        format!("- {secret}\n"),
        format!("!x {secret}\n"),
        "kind: SecretList\nitems:\n- data: {a: hunter2}\n- {metadata: {name: x}, stringData: {a: hunter2}}\n".to_owned(),
        "kind: Thing\nspec: {kind: SecretList, items: [{data: {a: hunter2}}]}\n".to_owned(),
        "kind: Secret\nstringData:\n  a: x\n#  b: hunter2\ntype: Opaque\n".to_owned(),
        "base: &b {kind: Secret}\n<<: *b\ndata: {a: hunter2}\n".to_owned(),
        "base: &b {data: {a: hunter2}}\n<<: *b\nkind: Secret\n".to_owned(),
        "kind: Secret\n<<: [hunter2]\n".to_owned(),
        "pod: &p hunter2\nkind: Secret\ndata: {a: *p}\n".to_owned(),
        "kind: List\nitems:\n- kind: ConfigMap\n  data: {a: &p hunter2}\n- {kind: Secret, data: {a: *p}}\n- {kind: ConfigMap, *p : 1}\n".to_owned(),
        "kind: List\nmetadata: {name: &p [hunter2]}\nitems:\n- {kind: Secret, data: *p}\n".to_owned(),
        "kind: Secret\nmetadata:\n  name: x\n  stringData: {a: hunter2}\n".to_owned(),
        "kind: Secret\nmetadata: hunter2\n".to_owned(),
        "stringData: {a: hunter2}\n".to_owned(),
        "kind: [Secret]\nstringData: {a: hunter2}\n".to_owned(),
        "kind: Secret\nkind: Pod\ndata: {a: hunter2}\n".to_owned(),
        "kind: Pod\nKind: Secret\ndata: {a: hunter2}\n".to_owned(),
        "kind: Secret\ntype: [hunter2]\n".to_owned(),
        "!!binary a2luZA==: !!binary \"U2Vj\\\n cmV0\"\ndata: {a: hunter2}\n".to_owned(),
        "kind: !!binary U2VjcmV0TGlzdA==\nitems: [{data: {a: hunter2}}]\n".to_owned(),
        "kind: Secret\nhunter2 is the password: x\n".to_owned(),
        "# kind: Secret\n# stringData:\n#   a: hunter2\nkind: Pod\n".to_owned(),
        "kind: Pod\n#  \"kind\": \"Secret\", \"data\": {\"a\":\n#  \"hunter2\"}".to_owned(),
        format!("kind: ConfigMap\ndata:\n  a.yaml: |\n    ---\n    {secret}\n"),
        format!("kind: ConfigMap\ndata:\n  a.json: '{{\"x\": {secret}}}'\n"),
    ] {
        check_hides(&text);
    }
}

#[test]
fn a_copy_of_a_secret_in_an_annotation_is_hidden() {
    let copy = r#"{"apiVersion":"v1","kind":"Secret","data":{"a":"hunter2"}}"#;
    for text in [
        format!("kind: Secret\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {copy}\n"),
        format!("kind: Pod\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{copy}'\n"),
        format!("kind: List\nmetadata: {{annotations: {{a: '{copy}'}}}}\nitems: []\n"),
        format!("kind: Secret\nmetadata:\n  annotations: '{copy}'\n"),
        "kind: Secret\nmetadata:\n  annotations:\n    x/last-applied: hunter2\n    y: 'data: hunter2'\n    z: [hunter2]\n".to_owned(),
        format!("kind: Pod\nmetadata:\n  annotations:\n    b: '{copy} [{{'\n"),
    ] {
        check_hides(&text);
    }
    check(
        "kind: Secret\nmetadata:\n  annotations:\n    note: for the night\n    team.example/owner: web\n",
        "kind: Secret\nmetadata:\n  annotations:\n    note: for the night\n    team.example/owner: web\n",
    );
}

#[test]
fn what_nobody_can_read_is_not_shown_at_all() {
    for text in [
        "kind: Secret\ndata: {a: hunter2",
        "kind: Secret\ndata:\n\ta: hunter2\n",
        "kind: Secret\ndata: {a: hunter2, a: hunter2}\n",
        "kind: Secret\nstringData:\n  a: \"x\n---\nhunter2\"\n",
        "{{ if .Values.x }}\nkind: Secret\ndata: {a: hunter2}\n{{ end }}",
        "{\"kind\":\"Pod\"}{\"kind\":\"Secret\",\"data\":{\"a\":\"hunter2\"}}",
        "kind: Secret\ndata: *hunter2\n",
    ] {
        check(text, "NoYaml");
    }
    check(
        "kind: Pod\n\0\nkind: Secret\ndata: {a: hunter2}\n",
        "NoText",
    );
    assert_eq!(
        Mask::default().lines(b"kind: Secret\ndata: {a: \xff}"),
        Err(Unreadable::NoText)
    );
}

#[test]
fn a_text_without_secrets_stays_open_beside_them() {
    check_open(
        "kind: ConfigMap\ndata:\n  script: |\n    # make a secret\n    kubectl create secret generic x\n",
    );
    check_open("kind: ConfigMap\ndata:\n  secret: 'see: the secret'\n");
    check_open("# the secret is made by hand\nkind: Pod\n");
}

#[test]
fn equal_values_have_equal_numbers_and_others_do_not() {
    let mut mask = Mask::default();
    let mut line = |value: &str| {
        let text = format!("kind: Secret\ndata:\n  a: {value}\n");
        mask.lines(text.as_bytes()).unwrap().pop().unwrap()
    };
    let one = line("x");
    assert_eq!(one, line("\"x\" # quoted"));
    assert_ne!(one, line("y"));
    assert_ne!(line("1"), line("'1'"));
    assert_ne!(line("!a {b: !c d}"), line("!a {b: !c e}"));
    assert_eq!(one.shown, line("y").shown);
}
