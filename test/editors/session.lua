-- A debugging session in a headless Neovim, through nvim-dap: what a user does with keys, told as one JSON line a step.
-- Environment: OUT (the file that receives the lines), NODE, CLI (node and mmscope.cjs). The scenario is the open buffer.
local out = assert(io.open(os.getenv('OUT'), 'w'))
local function tell(step, facts)
  facts.step = step
  out:write(vim.fn.json_encode(facts) .. '\n')
  out:flush()
end

local dap = require('dap')
require('mmscope').setup({ command = { os.getenv('NODE'), os.getenv('CLI'), 'dap' } })

local stops, ended = 0, false
dap.listeners.after.event_stopped['test'] = function()
  stops = stops + 1
end
dap.listeners.after.event_terminated['test'] = function()
  ended = true
end

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    tell('timeout', { waitedFor = what })
    vim.cmd('cquit')
  end
end

-- nvim-dap has read the stack once the session has a current frame.
local function here()
  local session = dap.session()
  local frame = session.current_frame
  return {
    name = frame.name,
    line = frame.line,
    file = frame.source and (frame.source.path or frame.source.name),
  }
end

local function move(step, action)
  local before = stops
  local session = dap.session()
  if session then
    session.current_frame = nil
  end
  action()
  wait(step, function()
    local now = dap.session()
    return stops > before and now and now.current_frame ~= nil
  end)
  tell(step, here())
end

local function ask(step, command, arguments)
  local answer
  dap.session():request(command, arguments, function(err, body)
    answer = { error = err and err.message, body = body }
  end)
  wait(step, function()
    return answer ~= nil
  end)
  tell(step, answer)
  return answer.body
end

tell('buffer', { filetype = vim.bo.filetype, syntax = vim.fn.synIDattr(vim.fn.synID(2, 2, 1), 'name') })
vim.api.nvim_win_set_cursor(0, { tonumber(os.getenv('LINE')), 0 })
dap.set_breakpoint()
move('entry', function()
  dap.run(dap.configurations.mmscope[1])
end)
move('breakpoint', dap.continue)
move('step into', dap.step_into)
ask('evaluate in the kernel', 'evaluate', {
  expression = 'order',
  context = 'watch',
  frameId = dap.session().current_frame.id,
})
local source = dap.session().current_frame.source
ask('kernel source', 'source', { sourceReference = source.sourceReference, source = source })
move('step out', dap.step_out)
move('step over', dap.step_over)
ask('where', 'evaluate', {
  expression = 'where(page)',
  context = 'repl',
  frameId = dap.session().current_frame.id,
})
ask('scopes', 'scopes', { frameId = dap.session().current_frame.id })
move('step back', dap.step_back)
move('step over again', dap.step_over)
move('reverse continue', dap.reverse_continue)
dap.terminate()
wait('the end', function()
  return ended or dap.session() == nil
end)
tell('ended', { stops = stops })
out:close()
vim.cmd('qall!')
