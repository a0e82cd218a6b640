# shellcheck shell=bash
# Splits a command line as a shell does, and runs nothing of it. To be read by run.sh.

# Puts the words of the line $1 into `words`. Quotes and backslashes mean what they mean to a shell, `$NAME` and `${NAME}` stand for
# variables, whose values are neither split nor read again. What else means something to a shell is an error unless it is quoted.
split() {
  local line=$1 word='' quote='' begun='' letter next rest name
  local variable='^([A-Za-z_][A-Za-z0-9_]*)|^\{([A-Za-z_][A-Za-z0-9_]*)\}'
  local -i place=0 length=${#line}
  words=()
  while ((place < length)); do
    letter=${line:place:1}
    next=${line:place+1:1}
    place+=1
    if [ "$quote" = "'" ]; then
      if [ "$letter" = "'" ]; then quote=''; else word+=$letter; fi
      continue
    fi
    case $letter in
      '"')
        begun=yes
        if [ -n "$quote" ]; then quote=''; else quote='"'; fi
        ;;
      \\)
        ((place < length)) || fail 'the command ends in a backslash'
        # A line that goes on.
        if [ "$next" = $'\n' ]; then
          place+=1
        elif [ -z "$quote" ] || [[ $next == [\"\\\$\`] ]]; then
          word+=$next
          begun=yes
          place+=1
        else
          word+=$letter
        fi
        ;;
      '$')
        rest=${line:place}
        if [[ $rest =~ $variable ]]; then
          place+=${#BASH_REMATCH[0]}
          name=${BASH_REMATCH[1]:-${BASH_REMATCH[2]-}}
          [ -n "${!name+set}" ] || fail "the command names the variable $name, which is not set"
          word+=${!name}
          begun=yes
        elif [[ $next == [\(\{] ]]; then
          fail "the command runs in no shell: \`\$$next\` means nothing"
        else
          word+=$letter
          begun=yes
        fi
        ;;
      '`') fail 'the command runs in no shell: a backtick means nothing' ;;
      "'" | ' ' | $'\t' | $'\n' | $'\r' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
        if [ -n "$quote" ]; then
          word+=$letter
          continue
        fi
        case $letter in
          "'")
            quote="'"
            begun=yes
            ;;
          [[:space:]])
            if [ -n "$begun" ]; then words+=("$word"); fi
            word=''
            begun=''
            ;;
          *) fail "the command runs in no shell: put \`$letter\` in quotes, or run only one command" ;;
        esac
        ;;
      *)
        word+=$letter
        begun=yes
        ;;
    esac
  done
  [ -z "$quote" ] || fail "the command has a $quote without an end"
  if [ -n "$begun" ]; then words+=("$word"); fi
}
