;;; mmscope-mode.el --- Scenarios of mmscope  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-2.0-only
;; Package-Requires: ((emacs "28.1"))

;;; Commentary:

;; A major mode for scenarios (*.mms), derived from C's, and a configuration for dape, the debugger interface of GNU ELPA:
;;
;;     (add-to-list 'load-path "/path/to/editors/emacs")
;;     (require 'mmscope-mode)
;;
;; M-x dape RET mmscope RET debugs the scenario in the current buffer; M-x mmscope-step-back steps back in time.

;;; Code:

(require 'cc-mode)

(defgroup mmscope nil
  "Scenarios of mmscope."
  :group 'languages)

(defcustom mmscope-command '("mmscope" "dap")
  "Program and arguments that start the debug adapter."
  :type '(repeat string))

(defconst mmscope-font-lock-keywords
  `(("^\\s-*\\(#\\s-*pragma\\)\\s-+\\(mmscope\\)\\s-+\\(machine\\|core\\|state\\|kernel\\)\\_>"
     (1 font-lock-preprocessor-face t)
     (2 font-lock-constant-face t)
     (3 font-lock-keyword-face t))
    ("^\\s-*\\(task\\)\\s-+\\([A-Za-z_][A-Za-z0-9_]*\\)"
     (1 font-lock-keyword-face)
     (2 font-lock-function-name-face))
    ("\\_<\\(cpu\\)\\s-*([0-9]+)\\s-*{" (1 font-lock-keyword-face))
    (,(regexp-opt '("expect" "verdict" "where" "walk" "proc") 'symbols) . font-lock-builtin-face)
    ("\\_<\\(?:__\\)?\\(?:GFP\\|PG\\|ZONE\\|MIGRATE\\|NR\\)_[A-Za-z0-9_]+\\_>" . font-lock-constant-face))
  "What a scenario has beside C.")

;;;###autoload
(define-derived-mode mmscope-mode c-mode "mmscope"
  "Major mode for scenarios: C, with tasks, processors and one pragma."
  (setq-local c-basic-offset 2)
  (setq-local indent-tabs-mode nil)
  (setq-local comment-start "// ")
  (setq-local comment-end "")
  (font-lock-add-keywords nil mmscope-font-lock-keywords))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.mms\\'" . mmscope-mode))

(defvar dape-configs)

(with-eval-after-load 'dape
  (add-to-list 'dape-configs
               `(mmscope
                 modes (mmscope-mode)
                 command ,(car mmscope-command)
                 command-args ,(vconcat (cdr mmscope-command))
                 :type "mmscope"
                 :request "launch"
                 :program dape-buffer-default
                 :stopOnEntry t)))

(declare-function dape--live-connection "dape")
(declare-function dape--next-like-command "dape")

(defun mmscope-step-back ()
  "Step back in time, which dape has no command for."
  (interactive)
  (dape--next-like-command (dape--live-connection 'stopped) :stepBack))

(defun mmscope-reverse-continue ()
  "Run back in time to the previous breakpoint, or to the beginning."
  (interactive)
  (dape--next-like-command (dape--live-connection 'stopped) :reverseContinue))

(provide 'mmscope-mode)
;;; mmscope-mode.el ends here
