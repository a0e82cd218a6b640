# Completion of trainyard in bash 4.4 or later: source <(trainyard completions bash)
_trainyard() {
    local kind='' answer
    COMPREPLY=()
    while IFS= read -r answer; do
        if [[ -z $kind ]]; then
            kind=$answer
        else
            COMPREPLY+=("${answer%%$'\t'*}")
        fi
    done < <(command trainyard complete bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    case $kind in
        values) compopt -o nosort 2>/dev/null ;;
        files) compopt -o default 2>/dev/null ;;
        folders) compopt -o dirnames 2>/dev/null ;;
    esac
    return 0
}
complete -F _trainyard trainyard
