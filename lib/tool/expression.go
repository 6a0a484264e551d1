package tool

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxExpression = 4096 // bytes
	maxDepth      = 100  // of parentheses, signs and powers within each other
)

// Evaluate computes an expression, by the rules of Python: ** binds tighter
// than a sign before it and to the right, // and % round down; ^ is ** too.
//
//	sum     = product { ("+" | "-") product }
//	product = sign { ("*" | "/" | "//" | "%") sign }
//	sign    = { "+" | "-" } power
//	power   = atom [ ("**" | "^") sign ]
//	atom    = number | constant | name "(" sum { "," sum } ")" | "(" sum ")"
func Evaluate(expression string) (Number, error) {
	if len(expression) > maxExpression {
		return Number{}, fmt.Errorf("the expression is %d bytes long, the longest allowed is %d", len(expression), maxExpression)
	}
	p := parser{text: expression}
	p.next()
	z, err := p.sum()
	if err == nil && p.token != "" {
		err = p.trailing()
	}
	if err != nil {
		return Number{}, err
	}
	return z, nil
}

// parser evaluates while it reads. Its text is not changed.
type parser struct {
	text  string
	at    int    // of the token, in bytes
	width int    // of the token in the text, in bytes
	token string // in its plain spelling; "" at the end
	depth int
}

func (p *parser) sum() (Number, error) {
	return p.chain(p.product, "+", "-")
}

func (p *parser) product() (Number, error) {
	return p.chain(p.sign, "*", "/", "//", "%")
}

// chain reads operands joined by operators of one rank, from left to right.
func (p *parser) chain(operand func() (Number, error), operators ...string) (Number, error) {
	z, err := operand()
	for err == nil {
		op := p.operator(operators)
		if op == "" {
			break
		}
		var right Number
		if right, err = operand(); err == nil {
			z, err = binary(op, z, right)
		}
	}
	return z, err
}

// operator takes the token if it is one of these.
func (p *parser) operator(operators []string) string {
	for _, op := range operators {
		if p.token == op {
			p.next()
			return op
		}
	}
	return ""
}

func (p *parser) sign() (Number, error) {
	minus := false
	for p.token == "+" || p.token == "-" {
		minus = minus != (p.token == "-")
		p.next()
	}
	z, err := p.power()
	if minus && err == nil {
		z = negative(z)
	}
	return z, err
}

func (p *parser) power() (Number, error) {
	if p.depth++; p.depth > maxDepth {
		return Number{}, fmt.Errorf("the expression is nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	z, err := p.atom()
	if err != nil || p.token != "**" {
		return z, err
	}
	p.next()
	exponent, err := p.sign()
	if err != nil {
		return z, err
	}
	return binary("**", z, exponent)
}

func (p *parser) atom() (Number, error) {
	token := p.token
	first, _ := utf8.DecodeRuneInString(token)
	switch {
	case token == "(":
		p.next()
		z, err := p.sum()
		if err != nil {
			return z, err
		}
		return z, p.expect(")")
	case isDigit(first) || first == '.':
		z, err := parseNumber(token)
		if err != nil {
			return z, err
		}
		p.next()
		return z, nil
	case unicode.IsLetter(first):
		return p.named(token)
	}
	return Number{}, p.unexpected()
}

// named reads a constant or a function with its arguments.
func (p *parser) named(token string) (Number, error) {
	name := strings.TrimPrefix(strings.ToLower(token), "math.")
	z, constant := constants[name]
	_, known := functions[name]
	if !constant && !known {
		return z, fmt.Errorf("unknown name %q; there are pi, e and the functions %s", token, functionNames())
	}
	p.next()
	if constant {
		return z, nil
	}
	if p.token != "(" {
		return z, fmt.Errorf("%s needs its arguments in parentheses", name)
	}
	p.next()
	var args []Number
	for p.token != ")" || len(args) > 0 {
		x, err := p.sum()
		if err != nil {
			return z, err
		}
		args = append(args, x)
		if p.token != "," {
			break
		}
		p.next()
	}
	if err := p.expect(")"); err != nil {
		return z, err
	}
	return call(name, args)
}

func (p *parser) expect(token string) error {
	if p.token == token {
		p.next()
		return nil
	}
	if p.token == "" {
		return fmt.Errorf("the expression ends where a %q is missing", token)
	}
	return p.trailing()
}

// trailing is the error for a token where an operator could stand.
func (p *parser) trailing() error {
	first, _ := utf8.DecodeRuneInString(p.token)
	if unicode.IsLetter(first) || isDigit(first) || first == '.' || first == '(' {
		return fmt.Errorf("an operator is missing before %q at position %d", p.token, p.position())
	}
	return p.unexpected()
}

func (p *parser) unexpected() error {
	switch p.token {
	case "":
		if strings.TrimSpace(p.text) == "" {
			return errors.New("the expression is empty")
		}
		return errors.New("the expression ends too early")
	case ",":
		return fmt.Errorf("unexpected \",\" at position %d; write numbers without thousands separators", p.position())
	case "=":
		return fmt.Errorf("unexpected \"=\" at position %d; send only the expression to be computed", p.position())
	}
	return fmt.Errorf("unexpected %q at position %d", p.token, p.position())
}

// position counts characters from 1.
func (p *parser) position() int { return utf8.RuneCountInString(p.text[:p.at]) + 1 }
