#!/bin/bash
pytest-3 -p no:cacheprovider -rA "$TEST_DIR/test_outputs.py"
