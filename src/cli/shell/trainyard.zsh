#compdef trainyard
# Completion of trainyard in zsh: source <(trainyard completions zsh), or a file `_trainyard` in a folder of $fpath
_trainyard() {
    local answer
    local -a answers values shown
    answers=("${(@f)$(command trainyard complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    case $answers[1] in
        values)
            for answer in "${(@)answers[2,-1]}"; do
                values+=("${answer%%$'\t'*}")
                shown+=("${answer/$'\t'/  -- }")
            done
            if [[ "${shown[*]}" == "${values[*]}" ]]; then
                compadd -V trainyard -a values
            else
                compadd -l -d shown -V trainyard -a values
            fi
            ;;
        files)
            compset -P '*='
            _files
            ;;
        folders)
            compset -P '*='
            _files -/
            ;;
    esac
}
if [[ ${funcstack[1]} == _trainyard ]]; then
    _trainyard "$@"
else
    compdef _trainyard trainyard
fi
