#include "coerce.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "numeral.h"

static const struct coerce_error
    int_type = { "int_type", "Input should be a valid integer" },
    int_fraction = { "int_from_float",
	    "Input should be a valid integer, got a number with a fractional "
	    "part" },
    int_parsing = { "int_parsing",
	    "Input should be a valid integer, unable to parse string as an "
	    "integer" },
    int_long = { "int_parsing_size",
	    "Unable to parse input string as an integer, exceeded maximum "
	    "size of 128 digits" },
    int_float = { "int_parsing_size",
	    "Input should be a valid integer; beyond 64 bits it must be "
	    "written without fraction and exponent" },
    float_type = { "float_type", "Input should be a valid number" },
    float_parsing = { "float_parsing",
	    "Input should be a valid number, unable to parse string as a "
	    "number" },
    float_long = { "float_parsing",
	    "Input should be a valid number of at most 128 characters" },
    float_range = { "float_parsing",
	    "Input should be a valid number that a double can hold" },
    float_finite = { "finite_number", "Input should be a finite number" },
    bool_type = { "bool_type", "Input should be a valid boolean" },
    bool_parsing = { "bool_parsing",
	    "Input should be a valid boolean, unable to interpret input" },
    string_type = { "string_type", "Input should be a valid string" };

/*
 * Writes d with the fewest digits that read back as d, as "%.*e" does; returns
 * the number of digits after the point.
 *
 * If DBL_DIG digits or fewer read back as d, they are those of d rounded to
 * DBL_DIG, without zeros at the end; so there is no need to try each length.
 * Below DBL_MIN, where doubles have fewer digits, this does not hold.
 */
static int
shortest(double d, char text[32])
{
	int precision = fabs(d) < DBL_MIN ? 0 : DBL_DIG - 1;
	const char *e;

	snprintf(text, 32, "%.*e", precision, d);
	while (precision < DBL_DECIMAL_DIG - 1 && strtod(text, NULL) != d)
		snprintf(text, 32, "%.*e", ++precision, d);
	for (e = strchr(text, 'e'); precision > 0 && e[-1] == '0'; e--)
		precision--;
	return precision;
}

void
coerce_float_text(double d, char out[32])
{
	char text[32];
	int precision = shortest(d, text), exponent, n;

	exponent = d == 0 ? 0 : atoi(strchr(text, 'e') + 1);
	if (exponent >= -4 && exponent < 16) {
		n = precision - exponent;
		snprintf(out, 32, "%.*f", n > 1 ? n : 1, d);
		return;
	}
	/* A sign, a digit, and a point before further digits. */
	n = (d < 0) + 1 + (precision > 0) + precision;
	snprintf(out, 32, "%.*se%+03d", n, text, exponent);
}

static const struct coerce_error *
set_integer(struct value *out, const char *digits)
{
	static_assert(
	    (int)VALUE_TEXT == (int)NUMERAL_LEN, "room for any integer");
	/* Beyond the range of long long, it returns the nearest bound. */
	out->integer = strtoll(digits, NULL, 10);
	snprintf(out->text, sizeof(out->text), "%s", digits);
	return NULL;
}

static const struct coerce_error *
int_from_string(const char *s, struct value *out)
{
	char digits[NUMERAL_LEN];

	switch (numeral_int(s, digits)) {
	case NUMERAL_GOOD:
		return set_integer(out, digits);
	case NUMERAL_TOO_LONG:
		return &int_long;
	default:
		return &int_parsing;
	}
}

/*
 * Pydantic reads a number with a fraction or an exponent as a double, and takes
 * it if the double is whole and below 2^63. Here the digits of the text are
 * kept if they are whole too, since from 2^53 on two integers can be the same
 * double.
 */
static const struct coerce_error *
int_from_number(const struct cJSON *v, struct value *out)
{
	char text[NUMERAL_LEN];
	size_t len;
	const char *number = json_number(v, &len);
	double d;

	snprintf(text, sizeof(text), "%.*s", (int)len, number);
	/* JSON spells each integer in one way, but 0 also as -0. */
	if (strpbrk(text, ".eE") == NULL)
		return set_integer(out, strcmp(text, "-0") == 0 ? "0" : text);
	d = strtod(text, NULL);
	if (d != floor(d))
		return &int_fraction;
	if (fabs(d) >= 0x1p63)
		return &int_float;
	if (!numeral_whole(number, len, text))
		snprintf(text, sizeof(text), "%.0f", d);
	return set_integer(out, text);
}

static const struct coerce_error *
to_int(const struct cJSON *v, struct value *out)
{
	switch (json_type(v)) {
	case JSON_NUMBER:
		return int_from_number(v, out);
	case JSON_STRING:
		return int_from_string(json_string(v), out);
	case JSON_BOOL:
		return set_integer(out, json_bool(v) ? "1" : "0");
	default:
		return &int_type;
	}
}

static const struct coerce_error *
set_float(struct value *out, double d)
{
	if (!isfinite(d))
		return &float_finite;
	out->number = d;
	coerce_float_text(d, out->text);
	return NULL;
}

/* A number in a string has the limits of a JSON number. */
static const struct coerce_error *
float_from_string(const char *s, struct value *out)
{
	char text[NUMERAL_LEN];
	double d;

	switch (numeral_float(s, text)) {
	case NUMERAL_BAD:
		return &float_parsing;
	case NUMERAL_TOO_LONG:
		return &float_long;
	case NUMERAL_NOT_FINITE:
		return &float_finite;
	case NUMERAL_GOOD:
		break;
	}
	d = strtod(text, NULL);
	if (isfinite(d) && scan_number(text, strlen(text)) != NULL)
		return strlen(text) > SCAN_NUMBER ? &float_long : &float_range;
	return set_float(out, d);
}

/* Python reads "-0" as an integer, and integers have no negative zero. */
static double
double_of(const char *number, size_t len)
{
	/* strtod() stops at the number's end, as JSON never continues it. */
	double d = strtod(number, NULL);

	return len == 2 && d == 0 ? 0 : d;
}

/*
 * True: this number of JSON is what coerce_float_text() writes for its double,
 * since up to DBL_DIG digits are kept, see shortest(). Not all such numbers
 * are recognised, but most that senders write.
 */
static bool
is_float_text(const char *number, size_t len)
{
	const char *end = number + len, *point = memchr(number, '.', len);

	if (point == NULL || len > DBL_DIG + 1 ||
	    memchr(number, 'e', len) != NULL ||
	    memchr(number, 'E', len) != NULL)
		return false;
	if (end[-1] == '0')
		return end == point + 2;
	/* From 0.1 on; below 0.0001, an exponent is written. */
	return point[-1] != '0' || point[1] != '0';
}

static const struct coerce_error *
float_from_number(const char *number, size_t len, struct value *out)
{
	double d = double_of(number, len);

	if (!is_float_text(number, len))
		return set_float(out, d);
	out->number = d;
	memcpy(out->text, number, len);
	out->text[len] = '\0';
	return NULL;
}

static const struct coerce_error *
to_float(const struct cJSON *v, struct value *out)
{
	const char *number;
	size_t len;

	switch (json_type(v)) {
	case JSON_NUMBER:
		number = json_number(v, &len);
		return float_from_number(number, len, out);
	case JSON_STRING:
		return float_from_string(json_string(v), out);
	case JSON_BOOL:
		return set_float(out, json_bool(v));
	default:
		return &float_type;
	}
}

static const struct coerce_error *
to_bool(const struct cJSON *v, struct value *out)
{
	static const char *const words[] = { "0", "off", "f", "false", "n",
		"no", "1", "on", "t", "true", "y", "yes" };
	enum {
		WORDS = sizeof(words) / sizeof(*words)
	};
	size_t len, i;
	double d;

	switch (json_type(v)) {
	case JSON_BOOL:
		out->truth = json_bool(v);
		return NULL;
	case JSON_NUMBER:
		d = strtod(json_number(v, &len), NULL);
		out->truth = d == 1;
		return d == 0 || d == 1 ? NULL : &bool_parsing;
	case JSON_STRING:
		for (i = 0; i < WORDS; i++)
			if (strcasecmp(json_string(v), words[i]) == 0) {
				out->truth = i >= WORDS / 2;
				return NULL;
			}
		return &bool_parsing;
	default:
		return &bool_type;
	}
}

static const struct coerce_error *
to_string(const struct cJSON *v, struct value *out)
{
	if (json_type(v) != JSON_STRING)
		return &string_type;
	out->string = json_string(v);
	return NULL;
}

const struct coerce_error *
coerce(enum field_type type, const struct cJSON *v, struct value *out)
{
	static const struct coerce_error *(*const types[])(
	    const struct cJSON *, struct value *) = {
		[FIELD_INT] = to_int,
		[FIELD_FLOAT] = to_float,
		[FIELD_BOOL] = to_bool,
		[FIELD_STRING] = to_string,
	};
	const struct coerce_error *error;

	*out = (struct value){ 0 };
	if (v == NULL || json_type(v) == JSON_NULL)
		return NULL;
	error = types[type](v, out);
	out->is_set = error == NULL;
	return error;
}
