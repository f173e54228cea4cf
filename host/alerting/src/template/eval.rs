//! Runs a template. Each node and call costs a step and the output is counted, so a template that loops over large answers
//! ends with an error instead of holding up the evaluation.

use super::ast::{Base, Block, Command, Node, Operand, Pipeline};
use super::functions::{self, World};
use super::parser::GIVEN;
use super::value::Value;
use super::{QueryFn, TEMPLATE_OUTPUT_BYTES_MAX, TEMPLATE_STEPS_MAX, TemplateData};

/// Expands the nodes of a template.
pub(super) fn expand(
    nodes: &[Node],
    data: TemplateData<'_>,
    query: &mut QueryFn<'_>,
) -> Result<String, String> {
    let given = [
        Value::Data,
        Value::Labels(data.labels.clone()),
        Value::Labels(data.externals.labels.clone()),
        Value::text(data.externals.url.as_str()),
        Value::Float(data.value),
    ];
    let variables = GIVEN.into_iter().map(str::to_owned).zip(given).collect();
    let mut run = Run { world: World { data, query }, variables, output: String::new(), steps: 0 };
    run.nodes(nodes, &Value::Data)?;
    Ok(run.output)
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

struct Run<'a, 'q> {
    world: World<'a, 'q>,
    /// Names and values in scope, innermost last.
    variables: Vec<(String, Value)>,
    output: String,
    steps: usize,
}

impl Run<'_, '_> {
    fn step(&mut self) -> Result<(), String> {
        self.steps += 1;
        if self.steps > TEMPLATE_STEPS_MAX {
            return Err(format!("the template takes more than {TEMPLATE_STEPS_MAX} steps"));
        }
        Ok(())
    }

    fn print(&mut self, text: &str) -> Result<(), String> {
        if self.output.len() + text.len() > TEMPLATE_OUTPUT_BYTES_MAX {
            return Err(format!("the text grows beyond {TEMPLATE_OUTPUT_BYTES_MAX} bytes"));
        }
        self.output.push_str(text);
        Ok(())
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<Flow, String> {
        for node in nodes {
            self.step()?;
            let flow = match node {
                Node::Text(text) => self.print(text).map(|()| Flow::Next)?,
                Node::Print(pipeline) => self.print_pipeline(pipeline, dot).map(|()| Flow::Next)?,
                Node::If(block) => self.branch(block, dot, false)?,
                Node::With(block) => self.branch(block, dot, true)?,
                Node::Range(block) => self.range(block, dot).map(|()| Flow::Next)?,
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn print_pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<(), String> {
        let value = self.pipeline(pipeline, dot)?;
        if pipeline.variables.is_empty() { self.print(&value.to_string()) } else { Ok(()) }
    }

    /// `if` and `with`.
    fn branch(&mut self, block: &Block, dot: &Value, sets_dot: bool) -> Result<Flow, String> {
        let scope = self.variables.len();
        let value = self.pipeline(&block.pipeline, dot)?;
        let flow = match (value.is_true(), sets_dot) {
            (true, true) => self.nodes(&block.body, &value),
            (true, false) => self.nodes(&block.body, dot),
            (false, _) => self.nodes(&block.otherwise, dot),
        };
        self.variables.truncate(scope);
        flow
    }

    fn range(&mut self, block: &Block, dot: &Value) -> Result<(), String> {
        let scope = self.variables.len();
        let elements = elements(&self.commands(&block.pipeline, dot)?)?;
        if elements.is_empty() {
            self.nodes(&block.otherwise, dot)?;
        }
        for (key, element) in elements {
            self.set_range_variables(&block.pipeline, key, &element)?;
            let flow = self.nodes(&block.body, &element)?;
            self.variables.truncate(scope);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(())
    }

    /// One variable takes the element, two take key and element.
    fn set_range_variables(
        &mut self,
        pipeline: &Pipeline,
        key: Value,
        element: &Value,
    ) -> Result<(), String> {
        match pipeline.variables.as_slice() {
            [] => Ok(()),
            [one] => self.set(one, element.clone(), pipeline.declares),
            [first, second, ..] => {
                self.set(first, key, pipeline.declares)?;
                self.set(second, element.clone(), pipeline.declares)
            }
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let value = self.commands(pipeline, dot)?;
        for name in &pipeline.variables {
            self.set(name, value.clone(), pipeline.declares)?;
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let mut last = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or(Value::Nil))
    }

    fn command(&mut self, command: &Command, piped: Option<Value>, dot: &Value) -> Result<Value, String> {
        self.step()?;
        match command {
            Command::Value(operand) => self.operand(operand, dot),
            Command::Call { function: function @ ("and" | "or"), arguments } => {
                self.short_circuit(*function == "or", arguments, piped, dot)
            }
            Command::Call { function, arguments } => {
                let mut values = Vec::with_capacity(arguments.len() + 1);
                for argument in arguments {
                    values.push(self.operand(argument, dot)?);
                }
                values.extend(piped);
                self.call(function, &values)
            }
        }
    }

    /// The first argument that decides; the later ones are not looked at.
    fn short_circuit(
        &mut self,
        until: bool,
        arguments: &[Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let mut value = Value::Nil;
        for argument in arguments {
            value = self.operand(argument, dot)?;
            if value.is_true() == until {
                return Ok(value);
            }
        }
        Ok(piped.unwrap_or(value))
    }

    fn call(&mut self, function: &str, values: &[Value]) -> Result<Value, String> {
        functions::call(function, values, &mut self.world)
            .map_err(|reason| format!("error calling {function}: {reason}"))
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, String> {
        let mut value = match &operand.base {
            Base::Dot => dot.clone(),
            Base::Variable(name) => self.get(name),
            Base::Literal(value) => value.clone(),
            Base::Function(function) => self.call(function, &[])?,
            Base::Nested(pipeline) => self.pipeline(pipeline, dot)?,
        };
        for field in &operand.fields {
            value = self.field(&value, field)?;
        }
        Ok(value)
    }

    fn field(&self, value: &Value, field: &str) -> Result<Value, String> {
        let data = self.world.data;
        match (value, field) {
            (Value::Data, "Labels") => Ok(Value::Labels(data.labels.clone())),
            (Value::Data, "Value") => Ok(Value::Float(data.value)),
            (Value::Data, "ExternalLabels") => Ok(Value::Labels(data.externals.labels.clone())),
            (Value::Data, "ExternalURL") => Ok(Value::text(data.externals.url.as_str())),
            (Value::Labels(labels), name) => Ok(Value::text(labels.get(name).unwrap_or_default())),
            (Value::Sample(labels, _), "Labels") => Ok(Value::Labels(labels.clone())),
            (Value::Sample(_, value), "Value") => Ok(Value::Float(*value)),
            (other, field) => Err(format!("can't evaluate field {field} in {}", other.type_name())),
        }
    }

    fn get(&self, name: &str) -> Value {
        let found = self.variables.iter().rev().find(|(known, _)| known == name);
        found.map_or(Value::Nil, |(_, value)| value.clone())
    }

    fn set(&mut self, name: &str, value: Value, declares: bool) -> Result<(), String> {
        if declares {
            self.variables.push((name.to_owned(), value));
            return Ok(());
        }
        let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
        let (_, slot) = known.ok_or_else(|| format!("undefined variable {name}"))?;
        *slot = value;
        Ok(())
    }
}

/// What a `range` goes over, each with its key.
fn elements(value: &Value) -> Result<Vec<(Value, Value)>, String> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::List(items) => Ok((0i64..).map(Value::Int).zip(items.iter().cloned()).collect()),
        Value::Labels(labels) => Ok(labels.iter().map(|(n, v)| (Value::text(n), Value::text(v))).collect()),
        other => Err(format!("range can't iterate over {}", other.type_name())),
    }
}
