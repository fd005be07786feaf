-- mmscope in Neovim, through nvim-dap: the adapter, two configurations, and commands for what nvim-dap has no key for.
--
--     require('mmscope').setup()
--     require('mmscope').setup({ command = { 'node', '/path/to/mmscope.cjs', 'dap' } })
local M = {}

-- A plain request to the session that is stopped; `show` gets the answer's body.
local function ask(command, arguments, show)
  local session = require('dap').session()
  if not session then
    vim.notify('mmscope: no session is running.', vim.log.levels.WARN)
    return
  end
  session:request(command, arguments, function(err, body)
    if err then
      local detail = err.body and err.body.error and err.body.error.variables
      vim.notify('mmscope: ' .. ((detail and detail.sentence) or err.message or 'refused'), vim.log.levels.ERROR)
    else
      show(body)
    end
  end)
end

-- What mmscope knows of the word under the cursor: its kind of address, page, owner and walk through the page tables.
function M.where(expression)
  expression = expression or vim.fn.expand('<cword>')
  local session = require('dap').session()
  local frame = session and session.current_frame
  ask('evaluate', {
    expression = 'where(' .. expression .. ')',
    context = 'repl',
    frameId = frame and frame.id,
  }, function(body)
    print(body.result)
  end)
end

function M.setup(options)
  options = options or {}
  local dap = require('dap')
  local command = options.command or { 'mmscope', 'dap' }
  dap.adapters.mmscope = {
    type = 'executable',
    command = command[1],
    args = vim.list_slice(command, 2),
  }
  dap.configurations.mmscope = {
    { type = 'mmscope', request = 'launch', name = 'Scenario', program = '${file}', stopOnEntry = true },
    {
      type = 'mmscope',
      request = 'launch',
      name = 'Core dump',
      core = function()
        return vim.fn.input('vmcore: ', '', 'file')
      end,
    },
  }
  vim.api.nvim_create_user_command('MmscopeWhere', function(args)
    M.where(args.args ~= '' and args.args or nil)
  end, { nargs = '?', desc = 'Say what an address is' })
end

return M
