# queries/*.sql and sqitch.plan -> queries.def
#
#	LC_ALL=C awk -f queries.awk queries/*.sql sqitch.plan
#
# Prints for each statement, in the order of the arguments, the names of its
# parameters and columns, from its lines "-- takes:" and "-- returns:", and its text:
#
#	NAMES(EVENT_GET_ARG_ID, EVENT_GET_ARGS)
#	NAMES(EVENT_GET_ID, EVENT_GET_SERVICE, …, EVENT_GET_COLUMNS)
#	QUERY(event_get, EVENT_GET_ARGS, "id", "id service …", "text")
#
# and at the end SCHEMA("…") with the last change of the plan, which the database
# must have for these statements to work.
#
# Escaping is one gsub that puts a backslash before each match: mawk drops
# backslashes from replacements such as "\\\\" which gawk keeps.  The question
# mark is escaped because -std=c17 would read ??( as a trigraph.

function refuse(why)
{
	print "queries.awk: " stem ".sql: " why >"/dev/stderr"
	failed = 1
	exit 1
}

# Prints NAMES(…): each word after the prefix, and last the name of their number.
function print_names(prefix, words, count,    word, n, i)
{
	n = split(words, word, " ")
	printf "NAMES("
	for (i = 1; i <= n; i++) {
		if (word[i] !~ /^[a-z][a-z0-9_]*$/)
			refuse("not a name: " word[i])
		printf "%s, ", prefix toupper(word[i])
	}
	print count ")"
}

function close_row(    c)
{
	if (text != "") {
		c = toupper(stem)
		print_names(c "_ARG_", takes, c "_ARGS")
		print_names(c "_", returns, c "_COLUMNS")
		print "QUERY(" stem ", " c "_ARGS, \"" takes "\", \"" returns \
		    "\", \"" text "\")"
	}
	text = takes = returns = ""
}

# Appends the words of this line.
function more(words)
{
	sub(/^-- [a-z]+: */, "")
	return words == "" ? $0 : words " " $0
}

FILENAME ~ /\.plan$/ {
	if (NF > 0 && $1 !~ /^[%@#]/)
		schema = $1
	next
}

FNR == 1 {
	close_row()
	stem = FILENAME
	sub(/.*\//, "", stem)
	sub(/\.sql$/, "", stem)
}

/^-- takes:/ {
	takes = more(takes)
	next
}

/^-- returns:/ {
	returns = more(returns)
	next
}

{
	gsub(/["\\?]/, "\\\\&")
	gsub(/\t/, "\\t")
	text = text $0 "\\n"
}

END {
	if (failed)
		exit 1
	close_row()
	print "SCHEMA(\"" schema "\")"
}
