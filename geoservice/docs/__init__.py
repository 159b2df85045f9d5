"""The documentation: pages in Chinese (`zh/`) and English (`en/`), some written from the code."""
