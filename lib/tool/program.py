def _main():
    import ast, linecache, sys, traceback

    name, source = "<code>", sys.stdin.read()
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), globals())
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), globals())
            if value is not None:
                print(repr(value))
    except Exception as e:
        sys.stdout.flush()
        unread = isinstance(e, SyntaxError) and e.filename == name
        traceback.print_exception(type(e), e, None if unread else e.__traceback__.tb_next)
        sys.exit(1)


_main()
