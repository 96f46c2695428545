-- Does what a list of steps says, with Neovim's own LSP client, and writes what came of each.
-- SLUICE_STEPS: the steps' file; SLUICE_RESULTS: where to; SLUICE_SERVER: the server's command. All JSON.
local TIMEOUT = 15000
local told = {}

local function read(path)
  local file = assert(io.open(path, 'r'))
  local text = file:read('*a')
  file:close()
  return text
end

local function text_of(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n') .. '\n'
end

-- Where a text stands first, in the protocol's counting. The texts of these tests are ASCII.
local function position(buffer, needle, offset)
  for row, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
    local column = line:find(needle, 1, true)
    if column then return { line = row - 1, character = column - 1 + (offset or 0) } end
  end
  error('there is no ' .. needle)
end

local client = assert(vim.lsp.start_client({
  name = 'sluice',
  cmd = vim.fn.json_decode(vim.env.SLUICE_SERVER),
  root_dir = vim.fn.getcwd(),
  flags = { debounce_text_changes = 0 },
  handlers = {
    ['textDocument/publishDiagnostics'] = function(err, result, context, config)
      told[result.uri] = result
      vim.lsp.diagnostic.on_publish_diagnostics(err, result, context, config)
    end,
  },
}))

local function ask(buffer, method, params)
  params.textDocument = { uri = vim.uri_from_bufnr(buffer) }
  local answers, why = vim.lsp.buf_request_sync(buffer, method, params, TIMEOUT)
  assert(answers, method .. ': ' .. tostring(why))
  local answer = answers[client]
  if answer.error or answer.err then return { error = (answer.error or answer.err).message } end
  return { result = answer.result }
end

local steps = {}

function steps.open(step)
  vim.cmd('edit ' .. vim.fn.fnameescape(step.path))
  local buffer = vim.api.nvim_get_current_buf()
  assert(vim.lsp.buf_attach_client(buffer, client))
  assert(vim.wait(TIMEOUT, function() return vim.lsp.buf_is_attached(buffer, client) and vim.lsp.get_client_by_id(client).initialized end, 20))
  return { filetype = vim.bo.filetype }
end

-- Those of the text as it is now.
function steps.diagnostics(_, buffer)
  local uri = vim.uri_from_bufnr(buffer)
  local is_told = vim.wait(TIMEOUT, function()
    return told[uri] ~= nil and told[uri].version == vim.lsp.util.buf_versions[buffer]
  end, 20)
  assert(is_told, 'no diagnostics of the present version')
  return vim.tbl_map(function(one)
    return { line = one.lnum + 1, column = one.col + 1, last = one.end_col, severity = one.severity, code = one.user_data.lsp.code, message = one.message }
  end, vim.diagnostic.get(buffer))
end

function steps.replace(step, buffer)
  local from = position(buffer, step.needle)
  vim.api.nvim_buf_set_text(buffer, from.line, from.character, from.line, from.character + #step.needle, vim.split(step.with, '\n'))
  return text_of(buffer)
end

function steps.ask(step, buffer)
  return ask(buffer, 'textDocument/' .. step.method, vim.tbl_extend('error', { position = position(buffer, step.needle, step.offset) }, step.params or vim.empty_dict()))
end

function steps.rename(step, buffer)
  local answer = ask(buffer, 'textDocument/rename', { position = position(buffer, step.needle, step.offset), newName = step.to })
  if answer.result then vim.lsp.util.apply_workspace_edit(answer.result, 'utf-16') end
  return { error = answer.error, text = text_of(buffer) }
end

function steps.format(_, buffer)
  local answer = ask(buffer, 'textDocument/formatting', { options = { tabSize = 2, insertSpaces = true } })
  vim.lsp.util.apply_text_edits(answer.result, buffer, 'utf-16')
  return text_of(buffer)
end

-- What can be done about the first diagnostic with a code; the one with the wanted title is done.
function steps.act(step, buffer)
  local about
  for _, one in ipairs(told[vim.uri_from_bufnr(buffer)].diagnostics) do
    if one.code == step.code then about = about or one end
  end
  assert(about, 'no diagnostic ' .. step.code)
  local answer = ask(buffer, 'textDocument/codeAction', { range = about.range, context = { diagnostics = { about } } })
  local titles = {}
  for _, action in ipairs(answer.result) do
    table.insert(titles, action.title)
    if action.title == step.title then vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16') end
  end
  return { titles = titles, text = text_of(buffer) }
end

local results = {}
local ok, why = pcall(function()
  for _, step in ipairs(vim.fn.json_decode(read(vim.env.SLUICE_STEPS))) do
    table.insert(results, assert(steps[step.does], step.does)(step, vim.api.nvim_get_current_buf()))
  end
end)
local out = assert(io.open(vim.env.SLUICE_RESULTS, 'w'))
out:write(vim.fn.json_encode(ok and { results = results } or { error = tostring(why) }))
out:close()
vim.lsp.stop_client(client)
vim.wait(5000, function() return vim.lsp.client_is_stopped(client) end, 20)
vim.cmd('qall!')
