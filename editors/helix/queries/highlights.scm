; inherits: c

((call_expression
   function: (identifier) @function.builtin)
 (#any-of? @function.builtin "expect" "verdict" "where" "walk" "proc"))

((identifier) @constant
 (#match? @constant "^(__)?(GFP|PG|ZONE|MIGRATE|NR)_"))
