# shellcheck shell=bash
# Splits a command line as a shell does, and runs nothing of it. To be read by run.sh.

# Puts the words of the line $1 into `words`. Quotes and backslashes mean what they mean to a shell, `$NAME` and `${NAME}` stand for
# variables of the step, whose values are neither split nor read again. What else means something to a shell is an error unless it is quoted.
# The names in here end in `_`: a variable of the step with the same name would be hidden.
split() {
  local line_=$1 word_='' quote_='' begun_='' letter_ next_ rest_ name_ value_
  local variable_='^([A-Za-z_][A-Za-z0-9_]*)|^\{([A-Za-z_][A-Za-z0-9_]*)\}'
  local -i place_=0 length_=${#line_}
  words=()
  while ((place_ < length_)); do
    letter_=${line_:place_:1}
    next_=${line_:place_+1:1}
    place_+=1
    if [ "$quote_" = "'" ]; then
      if [ "$letter_" = "'" ]; then quote_=''; else word_+=$letter_; fi
      continue
    fi
    case $letter_ in
      '"')
        begun_=yes
        if [ -n "$quote_" ]; then quote_=''; else quote_='"'; fi
        ;;
      \\)
        ((place_ < length_)) || fail 'the command ends in a backslash'
        # A line that goes on.
        if [ "$next_" = $'\n' ]; then
          place_+=1
        elif [ -z "$quote_" ] || [[ $next_ == [\"\\\$\`] ]]; then
          word_+=$next_
          begun_=yes
          place_+=1
        else
          word_+=$letter_
        fi
        ;;
      '$')
        rest_=${line_:place_}
        if [[ $rest_ =~ $variable_ ]]; then
          place_+=${#BASH_REMATCH[0]}
          name_=${BASH_REMATCH[1]:-${BASH_REMATCH[2]-}}
          # Only what the step was given; a substitution takes newlines from the end, but for the mark.
          value_=$(printenv "$name_" && printf .) || fail "the command names the variable $name_, which is not set"
          word_+=${value_%$'\n.'}
          begun_=yes
        elif [[ $next_ == [\(\{] ]]; then
          fail "the command runs in no shell: \`\$$next_\` means nothing"
        else
          word_+=$letter_
          begun_=yes
        fi
        ;;
      '`') fail 'the command runs in no shell: a backtick means nothing' ;;
      "'" | ' ' | $'\t' | $'\n' | $'\r' | ';' | '&' | '|' | '<' | '>' | '(' | ')')
        if [ -n "$quote_" ]; then
          word_+=$letter_
          continue
        fi
        case $letter_ in
          "'")
            quote_="'"
            begun_=yes
            ;;
          [[:space:]])
            if [ -n "$begun_" ]; then words+=("$word_"); fi
            word_=''
            begun_=''
            ;;
          *) fail "the command runs in no shell: put \`$letter_\` in quotes, or run only one command" ;;
        esac
        ;;
      *)
        word_+=$letter_
        begun_=yes
        ;;
    esac
  done
  [ -z "$quote_" ] || fail "the command has a $quote_ without an end"
  if [ -n "$begun_" ]; then words+=("$word_"); fi
}
