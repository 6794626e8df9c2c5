#include "coerce.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
	TEXT_LEN = 400
};

static const struct coerce_error
    int_type = { "int_type", "Input should be a valid integer" },
    int_fraction = { "int_from_float",
	    "Input should be a valid integer, got a number with a fractional "
	    "part" },
    int_parsing = { "int_parsing",
	    "Input should be a valid integer, unable to parse string as an "
	    "integer" },
    int_size = { "int_parsing_size",
	    "Unable to parse input string as an integer, exceeded maximum "
	    "size" },
    float_type = { "float_type", "Input should be a valid number" },
    float_parsing = { "float_parsing",
	    "Input should be a valid number, unable to parse string as a "
	    "number" },
    float_finite = { "finite_number", "Input should be a finite number" },
    bool_type = { "bool_type", "Input should be a valid boolean" },
    bool_parsing = { "bool_parsing",
	    "Input should be a valid boolean, unable to interpret input" },
    string_type = { "string_type", "Input should be a valid string" };

void
coerce_float_text(double d, char out[32])
{
	char text[32], digits[24];
	int precision, exponent, n;

	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, d);
		if (strtod(text, NULL) == d)
			break;
	}
	exponent = atoi(strchr(text, 'e') + 1);
	if (d == 0)
		exponent = 0;
	if (exponent >= -4 && exponent < 16) {
		n = precision - exponent;
		snprintf(out, 32, "%.*f", n > 1 ? n : 1, d);
		return;
	}
	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(text, "e"), text);
	snprintf(out, 32, "%se%+03d", digits, exponent);
}

/*
 * A number in a string as Python reads it: white space around it, single
 * underscores between digits. Copies it without them; false where it is too
 * long or an underscore stands elsewhere.
 */
static bool
plain_number(const char *s, char out[TEXT_LEN])
{
	static const char space[] = " \t\n\v\f\r", digit[] = "0123456789";
	size_t n, i, len = 0;

	s += strspn(s, space);
	for (n = strlen(s); n > 0 && strchr(space, s[n - 1]) != NULL;)
		n--;
	if (n == 0 || n >= TEXT_LEN)
		return false;
	for (i = 0; i < n; i++) {
		if (s[i] != '_')
			out[len++] = s[i];
		else if (i == 0 || i + 1 == n ||
		    strchr(digit, s[i - 1]) == NULL ||
		    strchr(digit, s[i + 1]) == NULL)
			return false;
	}
	out[len] = '\0';
	return true;
}

static const struct coerce_error *
set_integer(struct value *out, const char *digits)
{
	errno = 0;
	out->integer = strtoll(digits, NULL, 10);
	if (errno == ERANGE)
		return &int_size;
	snprintf(out->text, sizeof(out->text), "%lld", (long long)out->integer);
	return NULL;
}

/* Digits, a sign before them, and ".000" behind: what int("…") may be. */
static const struct coerce_error *
int_from_string(const char *s, struct value *out)
{
	char text[TEXT_LEN], *p = text;

	if (!plain_number(s, text))
		return &int_parsing;
	p += *p == '+' || *p == '-';
	if (strspn(p, "0123456789") == 0)
		return &int_parsing;
	p += strspn(p, "0123456789");
	if (*p == '.' && p[1 + strspn(p + 1, "0")] == '\0')
		*p = '\0';
	if (*p != '\0')
		return &int_parsing;
	return set_integer(out, text);
}

static const struct coerce_error *
int_from_number(const struct cJSON *v, struct value *out)
{
	char text[SCAN_NUMBER + 1];
	size_t len;
	const char *number = json_number(v, &len);
	double d;

	snprintf(text, sizeof(text), "%.*s", (int)len, number);
	if (strpbrk(text, ".eE") == NULL)
		return set_integer(out, text);
	d = strtod(text, NULL);
	if (d != floor(d))
		return &int_fraction;
	if (fabs(d) >= 0x1p63)
		return &int_size;
	snprintf(text, sizeof(text), "%.0f", d == 0 ? 0 : d);
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

static const struct coerce_error *
float_from_string(const char *s, struct value *out)
{
	static const char *const infinite[] = { "nan", "inf", "infinity" };
	char text[TEXT_LEN], *end;
	size_t i;
	double d;

	if (!plain_number(s, text))
		return &float_parsing;
	for (i = 0; i < sizeof(infinite) / sizeof(*infinite); i++)
		if (strcasecmp(text + (*text == '+' || *text == '-'),
			infinite[i]) == 0)
			return &float_finite;
	/* Keeps out what only strtod understands: hexadecimal. */
	if (text[strspn(text, "+-.0123456789eE")] != '\0')
		return &float_parsing;
	d = strtod(text, &end);
	if (end == text || *end != '\0')
		return &float_parsing;
	return set_float(out, d);
}

static const struct coerce_error *
to_float(const struct cJSON *v, struct value *out)
{
	size_t len;

	switch (json_type(v)) {
	case JSON_NUMBER:
		/* A non-number follows it in the text, so strtod stops. */
		return set_float(out, strtod(json_number(v, &len), NULL));
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
