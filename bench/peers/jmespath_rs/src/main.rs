//! What the crate `jmespath` takes for a search: peer_jmespath FILE EXPRESSION COUNT; as bench/jmespath.c.
use std::{env, fs, process, rc::Rc, time::Duration};

fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/schedstat").expect("schedstat");
    Duration::from_nanos(stat.split(' ').next().expect("time").parse().expect("a number"))
}

fn main() {
    let args: Vec<String> = env::args().collect();
    if args.len() != 4 {
        process::exit(2);
    }
    let text = fs::read_to_string(&args[1]).expect("a file");
    let data = Rc::new(jmespath::Variable::from_json(&text).expect("JSON"));
    let expression = jmespath::compile(&args[2]).expect("an expression");
    let count: u32 = args[3].parse().expect("a count");
    let mut found = 0;
    let start = cpu_time();
    for _ in 0..count {
        let result = expression.search(data.clone()).expect("a result");
        found = result.as_array().map_or(0, Vec::len);
    }
    let each = (cpu_time() - start).as_secs_f64() * 1e6 / f64::from(count);
    println!("{{\"us\": {each:.4}, \"found\": {found}}}");
}
