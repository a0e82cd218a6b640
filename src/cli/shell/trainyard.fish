# Completion of trainyard in fish: trainyard completions fish > ~/.config/fish/completions/trainyard.fish
function __trainyard_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -e words[1]
    set -l answers (command trainyard complete fish $words "$word" 2>/dev/null)
    set -l kind $answers[1]
    set -e answers[1]
    switch "$kind"
        case values
            test (count $answers) -gt 0; and printf '%s\n' $answers
        case files
            # Of `ENVIRONMENT=FILE` only the end is a file.
            set -l start (string match -r '^.*=' -- "$word")
            for file in (__fish_complete_path (string replace -r '^.*=' '' -- "$word"))
                printf '%s%s\n' "$start" "$file"
            end
        case folders
            __fish_complete_directories "$word"
    end
end
complete -c trainyard -f -k -a '(__trainyard_complete)'
